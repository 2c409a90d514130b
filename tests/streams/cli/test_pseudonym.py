import base64
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.pseudonyms import pseudonym

OLD, NEW = bytes(range(32)), bytes(32)


def said(*words: str, **environ: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words), env=environ)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "keys"
    file.write_text("".join(base64.b64encode(key).decode() + "\n" for key in (OLD, NEW)))
    return {"FRESHET_PSEUDONYM_KEY_FILE": str(file)}


def test_a_line_each_by_the_newest_key_or_by_all(keys: dict[str, str]) -> None:
    assert said("pseudonym", "ann", "bob", **keys) == (
        0,
        f"{pseudonym('ann', NEW)}\n{pseudonym('bob', NEW)}\n",
        "",
    )
    every = f"{pseudonym('ann', NEW)} {pseudonym('ann', OLD)}\n"
    assert said("pseudonym", "--all", "ann", **keys) == (0, every, "")


def test_without_a_key_that_is_said() -> None:
    code, out, err = said("pseudonym", "ann")
    assert (code, out) == (2, "")
    assert err == (
        "freshet: there is no key to make pseudonyms with: set FRESHET_PSEUDONYM_KEY_FILE or _COMMAND\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("lists", "--user", "ann"),
        ("ask", "recommend", "--user", "ann"),
        ("why", "ann", "i"),
        ("erase", "ann"),
        ("trace", "e", "--user", "ann"),
        ("pseudonym", "ann"),
    ],
)
def test_no_verb_names_anybody_where_workers_would_refuse_it(
    keys: dict[str, str], words: tuple[str, ...]
) -> None:
    nowhere = {"FRESHET_KAFKA": "127.0.0.1:1", "FRESHET_PSEUDONYMS": "01234567"}
    code, _, err = said(*words, **keys, **nowhere)
    assert (code, err.partition(" is ")[0]) == (2, "freshet: the newest pseudonym key")
