"""Ids that workers would refuse are refused before Kafka is asked anything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["erase", ""], "USER: Expected `str` of length >= 1, its length is 0"),
        (["erase", "u" * 257], "USER: Expected `str` of length <= 256, its length is 257"),
        (["erase", " "], "USER: Expected `str` matching regex '\\\\S', its length is 1"),
        (["why", "", "t1"], "USER: Expected `str` of length >= 1, its length is 0"),
        (["why", "u1", ""], "ITEM: Expected `str` of length >= 1, its length is 0"),
    ],
)
def test_one_line_says_which_and_why(arguments: list[str], says: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, arguments, env={"FRESHET_HOME": str(tmp_path)})
    assert (done.exit_code, done.stderr) == (2, f"freshet: {says}\n")


def test_the_longest_id_is_asked_for(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["erase", "u" * 256], env={"FRESHET_HOME": str(tmp_path)})
    assert "no Kafka" in done.stderr
