"""`freshet console`: what it refuses before it asks Kafka anything."""

from pathlib import Path

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
