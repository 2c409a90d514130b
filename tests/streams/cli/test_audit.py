import pytest
from typer.testing import CliRunner

from streams.auditing.finds import Audit, DeletedItem, ErasedUser, Find
from streams.cli import app
from streams.cli.audit import _show

LEAK = Find("topic items", "a value that nothing has replaced", 1, is_leak=True)
KEPT = Find("topic users", "in histories", 3, is_leak=False)


@pytest.mark.parametrize("words", [[], ["somebody", "--item", "lamp"]], ids=["nobody", "both"])
def test_it_is_users_or_an_item_that_are_looked_for(words: list[str]) -> None:
    result = CliRunner().invoke(app, ["audit", *words])
    assert result.exit_code == 2
    assert "give one user or several, or --item" in " ".join(result.output.replace("│", " ").split())


def test_of_an_item_leaks_come_first_and_what_stays_has_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    _show(Audit([DeletedItem("lamp", [KEPT, LEAK], None)], [], {"items": 2}))
    shown = capsys.readouterr().out
    assert "lamp: no tombstone, 1 leaks" in shown
    assert shown.index("LEAK") < shown.index("no time is stated")


def test_each_user_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    of_users = [ErasedUser("ann", [], None, False), ErasedUser("bob", [LEAK], None, True)]
    _show(Audit(of_users, ["1 of 2 learn workers answered"], {}))
    shown = capsys.readouterr().out
    assert "ann: no receipt, 0 leaks" in shown
    assert "bob: no receipt, 1 leaks" in shown
    assert "An item has the same id" in shown
    assert "1 of 2 learn workers answered" in shown


def test_an_id_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    _show(Audit([ErasedUser("[red]", [], None, False), ErasedUser("a[/b]", [LEAK], None, False)], [], {}))
    shown = capsys.readouterr().out
    assert "[red]: no receipt, 0 leaks" in shown
    assert "a[/b]: no receipt, 1 leaks" in shown
