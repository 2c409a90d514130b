from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app


def _refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["produce", *arguments])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_missing_file_is_one_line() -> None:
    assert _refused("interactions", "nowhere.csv") == "freshet: No such file or directory: nowhere.csv\n"


@pytest.mark.parametrize(
    ("option", "text"),
    [
        (["--columns", "user_id"], "--columns: expected field=column, got 'user_id'"),
        (["--set", "=x"], "--set: expected field=value, got '=x'"),
        (
            ["--set", "value=1", "--set", "value=2"],
            "--set: expected field=value, got a second value for a field",
        ),
        (["--columns", "user_id=who,item_id=what"], "user_id=who: the file has no column who; it has a, b"),
        (["--set", "action=bought"], "action=bought: Invalid enum value 'bought'"),
    ],
)
def test_a_wrong_mapping_is_one_line_and_needs_no_kafka(tmp_path: Path, option: list[str], text: str) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert _refused("interactions", str(tmp_path / "a.csv"), *option) == f"freshet: {text}\n"


def test_help_says_that_producing_twice_counts_once() -> None:
    result = CliRunner().invoke(app, ["produce", "--help"], env={"COLUMNS": "200"})
    assert "producing the same file twice counts once" in " ".join(result.output.split())
