import asyncio
from typing import Any
from unittest.mock import patch

import pytest

from online.events import Cursor, Event
from online.state import UserState
from online.state_codec import pack
from streams.auditing.files import CONTENTS, Named
from streams.auditing.items import (
    DOCUMENTS,
    MENTIONS,
    REPLACED,
    SLACK_MS,
    Hits,
    finds_of,
    hits_of,
    in_home,
    in_store,
)
from streams.auditing.needle import Needle
from streams.auditing.topics import REMAINDER
from streams.follower import Record
from streams.settings import Settings
from streams.topics import table
from tests.streams.auditing.reading import reading, sent

ROWS = table(Settings())
DELETED_MS = 500


def read(base: str, *records: Record) -> Hits:
    with patch("streams.auditing.items.read_topic", reading(records)):
        return asyncio.run(hits_of(Settings(), ROWS[base], Needle("lamp")))


def judged(base: str, *records: Record, deleted_ms: int | None = DELETED_MS) -> dict[str, tuple[int, bool]]:
    finds = finds_of(ROWS[base], read(base, *records), deleted_ms)
    return {find.what: (find.count, find.is_leak) for find in finds}


def listing(*item_ids: str, cause: str = "e") -> dict[str, Any]:
    items = [{"item_id": item_id, "reasons": [{"item_id": "lamp"}]} for item_id in item_ids]
    return {"items": items, "cause": {"event_id": cause}}


@pytest.mark.parametrize(
    ("base", "key"), [("items", "lamp"), ("embeddings", "lamp"), ("model", "item/lamp")], ids=str
)
def test_what_an_item_is_made_of_has_to_be_replaced(base: str, key: str) -> None:
    first, again = (sent(key, {"item_id": "lamp"}, offset) for offset in (0, 2))
    leak = {"a value that nothing has replaced": (1, True)}
    gone, others = sent(key, None, 1), sent("other", {}, 3)
    assert judged(base, first, gone, others) == {REPLACED: (2, False)}
    assert judged(base, first, gone, again, others) == leak | {REPLACED: (2, False)}
    assert judged(base, first) == leak


def test_a_list_may_name_it_where_it_is_not_listed() -> None:
    newest = sent("u", listing("desk"), 1, reserve=b'[{"item_id": "lamp"}]')
    mentions = {MENTIONS["recommendations"]: (1, False)}
    assert judged("recommendations", sent("u", listing("lamp", "desk"), 0), newest) == mentions | {
        REPLACED: (1, False)
    }
    assert judged("recommendations", newest, sent("u", listing("lamp"), 2))[
        "in the newest list of a user"
    ] == (
        1,
        True,
    )
    assert judged("recommendations", sent("u", {"items": [{"no": "lamp"}]}))["in the newest list of a user"]


def test_an_answer_may_not_have_it_once_it_was_deleted() -> None:
    late = sent("r", listing("lamp"), 1, DELETED_MS + SLACK_MS + 1)
    named = sent("s", listing("desk"), 2, DELETED_MS + SLACK_MS + 1)
    records = (sent("q", listing("lamp"), 0, DELETED_MS + SLACK_MS), late, named)
    assert judged("responses", *records) == {
        REMAINDER: (2, False),
        "in an answer, after it was deleted": (1, True),
    }
    assert judged("responses", *records, deleted_ms=None) == {REMAINDER: (3, False)}


def test_histories_are_read_although_they_are_compressed_and_keep_it() -> None:
    state, other = UserState("u"), UserState("v")
    for known, item_id in ((state, "lamp"), (other, "lamp-2")):
        known.apply(Event(known.user_id, item_id, "click", 1.0, 1, 2, Cursor("T", 0, 0, 0)))
    records = sent("u", pack(state), 0), sent("v", pack(other), 1)
    assert judged("users", *records) == {MENTIONS["users"]: (1, False)}


@pytest.mark.parametrize(
    ("parts", "is_leak"),
    [
        ((CONTENTS,), True),
        (("recommender.catalogue/catalogue ids", DOCUMENTS), True),
        (("sets open_sets",), False),
    ],
)
def test_a_file_may_have_its_id_but_not_what_it_is_made_of(parts: tuple[str, ...], is_leak: bool) -> None:
    assert in_store(Named("lamp", "file", parts)).is_leak is is_leak


@pytest.mark.parametrize(("name", "is_leak"), [("workers.log", False), ("media/lamp.json", True)])
def test_a_log_may_name_it(name: str, is_leak: bool) -> None:
    assert in_home(Named("lamp", name, (CONTENTS,))).is_leak is is_leak


def test_events_rules_and_others_documents_may_name_it_and_nothing_else() -> None:
    assert judged("interactions", sent("u", {"item_id": "lamp"}, 0, 9_999)) == {REMAINDER: (1, False)}
    assert judged("media", sent("lamp", {"item_id": "lamp"})) == {REMAINDER: (1, False)}
    assert judged("rules", sent("rules", {"block": ["lamp"]})) == {MENTIONS["rules"]: (1, False)}
    assert judged("items", sent("desk", {"title": "Beside a lamp"})) == {MENTIONS["items"]: (1, False)}
    assert judged("model", sent("profiles", {"of": "lamp"})) == {"named in another's record": (1, True)}
