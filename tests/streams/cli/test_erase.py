import pytest

from streams.cli.erase import _show
from streams.events import Receipt


def test_an_id_in_a_receipt_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    receipt = Receipt("erase-1", "a[/b]", {"users": 1}, {"users": None}, None, 0)
    _show([receipt], [])
    assert "a[/b] is erased (erase-1)" in " ".join(capsys.readouterr().out.split())
