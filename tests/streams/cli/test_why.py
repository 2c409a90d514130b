from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from streams import asking
from streams.cli import app
from streams.events import Response


def test_of_an_item_that_has_no_place_every_reason_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asker = Mock()
    asker.ask.return_value = Response("r", [], 0, 0)
    monkeypatch.setattr(asking, "Asker", lambda _: asker)
    monkeypatch.setattr(asking, "read_list", lambda *_: None)
    result = CliRunner().invoke(app, ["why", "ann", "lamp"])
    assert result.exit_code == 1
    assert result.stderr == (
        "freshet: lamp is not among the first 1,000: it is unknown, hidden, not available, blocked by a rule, or "
        "nothing speaks for it\n"
    )


def test_an_error_of_the_workers_is_no_place_far_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    asker = Mock()
    asker.ask.return_value = Response("r", [], 0, 0, "internal: ValueError: a defect")
    monkeypatch.setattr(asking, "Asker", lambda _: asker)
    monkeypatch.setattr(asking, "read_list", lambda *_: None)
    result = CliRunner().invoke(app, ["why", "ann", "lamp"])
    assert (result.exit_code, result.stderr) == (1, "freshet: internal: ValueError: a defect\n")
