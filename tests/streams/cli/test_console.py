"""`freshet console`: what it refuses before it asks Kafka anything."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from streams.cli import app


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "--host 0.0.0.0: others than this machine could reach the console"),
        (["--host", "0.0.0.0", "--token", "short"], "of at least 16 characters"),
        (["--token-file", "/no/such/file"], "No such file or directory: /no/such/file"),
    ],
)
def test_what_is_refused_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["console", *arguments], env={"FRESHET_HOME": str(tmp_path)})
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (b"\n", [], "--token, --token-file: the token is empty; without either, one is made at random"),
        (b"\xff\xfe", [], "--token-file {file}: is no text in UTF-8"),
        (b"secret", ["--token", "x"], "give --token or --token-file, not both"),
    ],
)
def test_a_token_file_that_gives_no_token_is_refused(
    content: bytes, more: list[str], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    arguments = ["console", "--token-file", str(file), *more]
    result = CliRunner().invoke(app, arguments, env={"FRESHET_HOME": str(tmp_path)})
    assert (result.exit_code, result.stderr) == (2, f"freshet: {said.format(file=file)}\n")


@pytest.fixture
def serving() -> Iterator[None]:
    """All that a console needs of Kafka and the network is there, and it ends at once."""
    with ExitStack() as patches:
        for name in (
            "streams.kafka.admin_client", "streams.topics.ensure", "streams.logs.set_up",
            "streams.console.app.connected", "streams.console.serve.listening", "streams.console.serve.serve",
        ):  # fmt: skip
            patches.enter_context(patch(name))
        yield


@pytest.mark.usefixtures("serving")
def test_a_token_from_a_file_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret\n")
    result = CliRunner().invoke(app, ["console", "--token-file", str(file)])
    assert result.stdout == f"The console: http://127.0.0.1:8642/?token= and the token in {file}\n"
    given = CliRunner().invoke(app, ["console", "--token", "secret"])
    assert given.stdout == "The console: http://127.0.0.1:8642/?token=secret\n"
