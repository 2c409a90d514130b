import json
from typing import Any

import msgspec

from streams.batch import decode
from streams.decoding import EventDecoder
from streams.door import Door
from streams.events import Request
from streams.pseudonyms import NO_PSEUDONYM, key_id, pseudonym
from streams.settings import Settings

KEY, OTHER = bytes(range(32)), bytes(32)
ANN = pseudonym("ann", KEY)
DOOR = Door(Settings(pseudonyms=key_id(KEY)))


def event(user_id: str) -> dict[str, Any]:
    return {"user_id": user_id, "item_id": "i", "action": "click"}


def test_pseudonyms_come_in_and_other_names_are_refused_and_not_quoted() -> None:
    value = json.dumps([event(ANN), event("ann@example.org"), 5, event(pseudonym("ann", OTHER))]).encode()
    within = DOOR.let_in(decode(value), value)
    assert [(index, e.user_id) for index, e in within.events] == [(0, ANN)]
    refused = {r.index: r.error for r in within.refusals}
    assert {index: error.code for index, error in refused.items()} == {
        1: NO_PSEUDONYM, 2: "invalid", 3: NO_PSEUDONYM,
    }  # fmt: skip
    assert (refused[1].path, refused[3].path) == ("$[1].user_id", "$[3].user_id")
    assert "ann" not in refused[1].message


def test_one_event_alone_is_refused_where_its_name_is() -> None:
    value = json.dumps(event("ann")).encode()
    (refusal,) = DOOR.let_in(decode(value), value).refusals
    assert (refusal.index, refusal.error.path) == (0, "$.user_id")


def test_who_asks_for_nobody_comes_in() -> None:
    value = msgspec.json.encode([Request("r1"), Request("r2", user_id=ANN), Request("r3", user_id="ann")])
    within = DOOR.let_in(EventDecoder(Request).decode(value), value)
    assert [event.request_id for _, event in within.events] == ["r1", "r2"]
    assert [refusal.index for refusal in within.refusals] == [2]


def test_it_stands_open_unless_pseudonyms_are_demanded() -> None:
    value = json.dumps(event("ann")).encode()
    decoded = decode(value)
    assert Door(Settings()).let_in(decoded, value) is decoded
