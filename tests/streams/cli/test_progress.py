import pytest

from streams.cli.progress import Bars


class _Clock:
    """Goes on by three seconds whenever it is looked at."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 3.0
        return self.now_s


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_without_a_terminal_a_plain_line_is_said_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars(now=_Clock()) as bars:
        row = bars.add_task("freshet [all]", total=20)
        for done in range(1, 21):
            bars.update(row, completed=done)
    assert _lines(capsys) == [f"freshet [all] {percent} %" for percent in (20, 40, 60, 80, 100)]


def test_what_is_tracked_or_has_no_known_end_is_said_too(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars(now=_Clock()) as bars:
        assert list(bars.track(range(8), description="media")) == list(range(8))
        row = bars.add_task("", total=None)
        for count in range(8):
            bars.update(row, description=f"{count} rows")
    assert _lines(capsys) == ["media 50 %", "media 100 %", "3 rows", "7 rows"]


def test_a_terminal_has_bars_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Bars(now=_Clock()) as bars:
        row = bars.add_task("freshet", total=20)
        for done in range(1, 21):
            bars.update(row, completed=done)
    shown = capsys.readouterr().err
    assert "━" in shown
    assert " 20 %" not in shown
