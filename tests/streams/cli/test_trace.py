import pytest

from streams.cli.trace import _show
from streams.tracing import Step, Trace

LIST = "list ed22098c4d9203c5d482fed7"


def test_topics_and_ids_are_not_folded_where_the_terminal_is_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    steps = [
        Step("sent", "client", "interactions", 0, 705, 1_000),
        Step("made an example", "recommend", "examples", 0, 103, 1_229, 229),
        Step("listed", "recommend", "recommendations", 10, 1_234_567, 1_229, 229, LIST),
    ]
    _show(Trace("e", "answered", steps), 60)
    shown = capsys.readouterr().out
    assert "recommendations 10@1234567" in shown
    assert LIST in shown


def test_an_item_that_could_be_listed_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    _show(Trace("lamp", "unlisted", [Step("merged", "encode", "items", 0, 7, 1_000)]), 60)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "lamp: unlisted, it has its vectors; no list made since has it"
