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
