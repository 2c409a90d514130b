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
