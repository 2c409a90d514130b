import pytest
from typer.testing import CliRunner

from streams.cli import app


@pytest.mark.parametrize("command", [["evaluate"], ["train"], ["probe", "search", "items.csv"]])
def test_a_seed_is_no_negative_number(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--seed", "-1"])
    assert result.exit_code == 2
    assert "Invalid value for '--seed'" in result.stderr


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_a_seed_of_a_replay_has_four_bytes(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--seed", str(2**32)])
    assert result.exit_code == 2
    assert "Invalid value for '--seed'" in result.stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("evaluate", "What `freshet produce` calls timestamp_ms is timestamp here"),
        ("train", "for `freshet produce` that is ms unless said"),
        ("produce", "in `freshet evaluate` and `train` it is timestamp"),
    ],
)
def test_help_says_what_the_time_is_called_and_counted_in(command: str, said: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"})
    assert said in " ".join(result.output.replace("│", " ").split())
