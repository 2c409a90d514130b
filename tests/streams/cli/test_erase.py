import pytest

from streams.cli.erase import _show
from streams.events import Receipt


def receipt(user_id: str, users: int) -> Receipt:
    return Receipt("r", user_id, {"users": users, "examples": 0, "model": "kept"}, {"users": None}, None, 7)


@pytest.mark.parametrize(
    ("counts", "is_doubted"), [((0,), True), ((0, 0), True), ((1,), False), ((0, 1), False)]
)
def test_an_erasure_that_removed_nothing_asks_for_the_id(
    counts: tuple[int, ...], is_doubted: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    _show([receipt(f"u{place}", count) for place, count in enumerate(counts)], [])
    shown = capsys.readouterr()
    assert "u0 is erased" in shown.out
    assert ("nothing was known of such a user: is the id right?" in shown.err) == is_doubted


def test_nothing_is_doubted_before_there_is_a_receipt(capsys: pytest.CaptureFixture[str]) -> None:
    _show([], [])
    assert capsys.readouterr().err == ""


def test_an_id_in_a_receipt_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    _show([receipt("a[/b]", 1)], [])
    assert "a[/b] is erased (r)" in " ".join(capsys.readouterr().out.split())
