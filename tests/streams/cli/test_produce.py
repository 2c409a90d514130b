from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.events import Action
from streams.loading.packing import Message

ACTIONS = get_args(Action)


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
        (
            ["--set", "action=bought"],
            f"action=bought: Expected one of {' '.join(sorted(ACTIONS))}, got 'bought'",
        ),
    ],
)
def test_a_wrong_mapping_is_one_line_and_needs_no_kafka(tmp_path: Path, option: list[str], text: str) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert _refused("interactions", str(tmp_path / "a.csv"), *option) == f"freshet: {text}\n"


class _Sender:
    """Takes what is sent; there is no Kafka."""

    def __init__(self, *_: object) -> None:
        self.message_count = self.event_count = 0

    def send(self, message: Message) -> None:
        self.message_count += 1
        self.event_count += message.event_count

    def finish(self) -> None:
        pass


def test_rows_that_an_open_quote_took_are_said_and_the_exit_code_is_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.loading.load.admin_client", lambda _settings: None)
    monkeypatch.setattr("streams.loading.load.partition_count", lambda *_: 1)
    monkeypatch.setattr("streams.loading.load.Sender", _Sender)
    file = tmp_path / "a.csv"
    file.write_text('user_id,item_id,text\nu1,a,ok\nu1,b,"5 stars\nu1,c,ok\nu1,d,ok\n')
    arguments = ["produce", "interactions", str(file), "--set", "action=view"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == (
        f"{file}:3: the row opens a quote that is not closed in its place: "
        "the 2 lines after this one were not read"
    )
    assert "1 interactions sent in 1 messages, 1 rows refused" in result.stderr


def test_help_says_that_producing_twice_counts_once() -> None:
    result = CliRunner().invoke(app, ["produce", "--help"], env={"COLUMNS": "200"})
    assert "producing the same file twice counts once" in " ".join(result.output.split())


def test_help_names_every_action() -> None:
    result = CliRunner().invoke(app, ["produce", "--help"], env={"COLUMNS": "200"})
    listed = f"one of {', '.join(ACTIONS[:-1])} and {ACTIONS[-1]}."
    assert listed in " ".join(result.output.replace("│", " ").split())
