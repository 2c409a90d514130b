"""A console whose users are called by pseudonym: who asks it may know their ids, or only their pseudonyms."""

from pathlib import Path

import pytest

from online.events import Cursor, Event
from online.state import UserState
from online.state_codec import pack
from streams.pseudonyms import Pseudonyms, key_id, pseudonym
from tests.streams.console.served import Served, recommendation, response

OLD, NEW = bytes(range(32)), bytes(32)
ANN, ANN_BEFORE = pseudonym("ann@example.org", NEW), pseudonym("ann@example.org", OLD)


@pytest.fixture
def served(tmp_path: Path) -> Served:
    """Somebody who has done nothing since the key was changed."""
    served = Served(tmp_path, Pseudonyms([OLD, NEW]))
    state = UserState(ANN_BEFORE)
    state.apply(Event(ANN_BEFORE, "i", "click", 1.0, 1_700_000_000_000, 1, Cursor("t", 0, 0, 0)))
    served.put("recommendations", ANN_BEFORE, recommendation(ANN_BEFORE, "before"))
    served.put("users", ANN_BEFORE, pack(state))
    return served


@pytest.mark.parametrize("named", ["ann@example.org", ANN, ANN_BEFORE])
def test_a_user_is_found_by_id_and_by_pseudonym(served: Served, named: str) -> None:
    if named != ANN:
        found = served.client.get(f"/users/{named}/list").json()
        assert found["recommendation"]["user_id"] == ANN_BEFORE
        assert len(served.client.get(f"/users/{named}/history").json()["events"]) == 1
    served.put("recommendations", ANN, recommendation(ANN, "since"))
    found = served.client.get(f"/users/{named}/list").json()
    assert found["recommendation"]["user_id"] == (ANN_BEFORE if named == ANN_BEFORE else ANN)


def test_what_is_written_and_asked_is_by_the_newest_pseudonym(served: Served) -> None:
    served.answers["trending"] = response("x")
    served.client.get("/trending?user_id=ann@example.org")
    assert [request.user_id for request in served.asked] == [ANN]
    event = {"user_id": "ann@example.org", "item_id": "i", "action": "click"}
    assert served.client.post("/interactions", json=event).status_code == 202
    assert [made.user_id for made in served.produced] == [ANN]


def test_an_event_that_names_the_user_elsewhere_too_is_refused(served: Served) -> None:
    event = {"user_id": "ann@example.org", "item_id": "i", "action": "click", "event_id": "ann@example.org-1"}
    refused = served.client.post("/interactions", json=event)
    assert (refused.status_code, refused.json()["try"]) == (422, "see docs/security.md")
    assert served.produced == []


def test_without_a_key_pseudonyms_alone_can_be_asked_for(tmp_path: Path) -> None:
    served = Served(tmp_path, Pseudonyms([], [key_id(OLD)]))
    served.put("recommendations", ANN_BEFORE, recommendation(ANN_BEFORE, "before"))
    assert served.client.get(f"/users/{ANN_BEFORE}/list").status_code == 200
    for path in ("list", "history", "list/stream"):
        refused = served.client.get(f"/users/ann@example.org/{path}")
        assert (refused.status_code, "FRESHET_PSEUDONYM_KEY_FILE" in refused.json()["what"]) == (422, True)
