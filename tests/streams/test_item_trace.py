import base64
import json

import msgspec
import pytest

from streams.cli.trace import EXIT_CODES
from streams.embeddings import Embedded, Embedding, encode_embedding
from streams.events import (
    Cause,
    DeadLetter,
    ItemDocument,
    ListItem,
    Recommendation,
    RefusalError,
    Through,
)
from streams.follower import Record
from streams.item_trace import ItemTrace


def _trace() -> ItemTrace:
    return ItemTrace("i1", lambda base: base)


def _media(offset: int, timestamp_ms: int, item_id: str = "i1") -> Record:
    value = [{"item_id": "other"}, {"item_id": item_id, "title": "Milk"}]
    return Record(0, offset, b"other", json.dumps(value).encode(), timestamp_ms, {})


def _embedding(media_ms: int, timestamp_ms: int) -> Record:
    vectors = {"text": Embedded("h", "minilm", b"vv"), "image": Embedded("h", "net", b"", "too large")}
    return Record(1, 0, b"i1", encode_embedding(Embedding("i1", vectors, media_ms)), timestamp_ms, {})


def _document(modalities: int, timestamp_ms: int) -> Record:
    document = ItemDocument("i1", modalities=modalities, encode_errors={"image": "too large"})
    return Record(1, timestamp_ms, b"i1", msgspec.json.encode(document), timestamp_ms, {})


def _list(partition: int, timestamp_ms: int, *item_ids: str) -> Record:
    items = [ListItem(item_id, rank, 0.5, None, "new", []) for rank, item_id in enumerate(item_ids, 1)]
    cause = Cause("item", "i1", "items", 1, 3, 0)
    made = Recommendation("u1", "l", 0, 1, cause, Through(0, 1, 0), "default", items)
    return Record(partition, 0, b"u1", msgspec.json.encode(made), timestamp_ms, {})


def test_an_items_newest_media_event_is_followed_to_the_first_list() -> None:
    found = _trace()
    for record in (_media(0, 100), _media(1, 500), _media(2, 600, "i2")):
        found.take_media(record)
    for record in (_document(1, 450), _document(1, 520), _document(3, 900)):
        found.take_document(record)
    found.take_embedding(_embedding(100, 505))
    found.take_embedding(_embedding(500, 515))
    for record in (_list(0, 400, "i1"), _list(0, 560, "i2", "i1"), _list(1, 540, "i1"), _list(2, 530, "i10")):
        found.take_list(record)
    trace = found.trace()
    assert trace.outcome == "answered"
    assert [(step.what, step.after_ms, step.note) for step in trace.steps] == [
        ("sent", 0, ""),
        ("encoded", 15, "vectors: text"),
        ("merged", 20, "vectors: text; image: too large"),
        ("listed", 40, "place 1 for u1, because of item i1"),
        ("published again", 400, "vectors: text, image; image: too large"),
    ]


def test_an_item_that_has_its_vectors_and_is_in_no_list_waits_for_nothing() -> None:
    found = _trace()
    found.take_media(_media(1, 500))
    found.take_list(_list(0, 400, "i1"))
    found.take_document(_document(0, 520))
    assert found.trace().outcome == "waiting"
    found.take_document(_document(1, 540))
    trace = found.trace()
    assert (trace.outcome, EXIT_CODES[trace.outcome]) == ("unlisted", 0)
    assert [step.what for step in trace.steps] == ["sent", "merged", "published again"]
    found.take_list(_list(0, 560, "i1"))
    assert found.trace().outcome == "answered"


def test_an_item_that_nobody_sent_is_not_found() -> None:
    found = _trace()
    found.take_media(_media(0, 100, "i2"))
    assert not found.found
    assert found.trace().outcome == "not found"


def test_a_deleted_item_waits_for_its_tombstones() -> None:
    found = _trace()
    found.take_media(_media(2, 50))
    found.take_media(Record(0, 3, b"i1", None, 100, {}))
    found.take_list(_list(0, 105, "i1"))
    trace = found.trace()
    assert (trace.outcome, trace.steps[0].note) == ("waiting", "deletes the item")
    for timestamp_ms in (90, 120, 150):
        found.take_document(Record(1, timestamp_ms, b"i1", None, timestamp_ms, {}))
        found.take_embedding(Record(1, timestamp_ms, b"i1", None, timestamp_ms - 5, {}))
    found.take_document(Record(1, 0, b"i2", None, 110, {}))
    trace = found.trace()
    assert (trace.outcome, EXIT_CODES[trace.outcome]) == ("deleted", 0)
    assert [(step.what, step.topic, step.after_ms) for step in trace.steps] == [
        ("sent", "media", 0),
        ("listed", "recommendations", 5),
        ("vectors deleted", "embeddings", 15),
        ("deleted", "items", 20),
    ]


def test_a_tombstone_is_not_of_an_item_that_was_sent_again() -> None:
    found = _trace()
    found.take_media(Record(0, 3, b"i1", None, 100, {}))
    found.take_media(_media(4, 110))
    found.take_document(Record(1, 0, b"i1", None, 120, {}))
    found.take_embedding(Record(1, 0, b"i1", None, 120, {}))
    trace = found.trace()
    assert (trace.outcome, [step.what for step in trace.steps]) == ("waiting", ["sent"])


def _letter(offset: int, index: int, value: bytes) -> Record:
    error = RefusalError("invalid", "$.price", "no number")
    encoded = base64.b64encode(value).decode()
    letter = DeadLetter("media", 0, offset, index, "i1", encoded, False, "", error, 120)
    return Record(0, 0, b"i1", msgspec.json.encode(letter), 120, {})


@pytest.mark.parametrize(
    "value", [b'{"item_id": "i1", "price": "free"}', b'{"item_id": "i1", "pri', b'{"price": "free"}', b""]
)
def test_an_event_that_was_refused_is_the_items_newest_whatever_of_it_can_be_read(value: bytes) -> None:
    found = _trace()
    found.take_media(_media(4, 50))
    found.take_media(Record(0, 5, b"i1", value, 100, {}))
    found.take_dead_letter(Record(0, 0, b"i1", b"no letter", 110, {}))
    found.take_dead_letter(_letter(5, 0, value))
    found.take_list(_list(0, 150, "i1"))
    trace = found.trace()
    assert trace.outcome == "refused"
    assert [(step.what, step.note) for step in trace.steps] == [
        ("sent", ""),
        ("refused", "invalid at $.price: no number"),
        ("listed", "place 1 for u1, because of item i1"),
    ]


def test_an_item_is_not_refused_with_another_of_its_message() -> None:
    found, bad = _trace(), b'{"item_id": "i2", "price": "free"}'
    found.take_media(Record(0, 5, b"i1", b'[{"item_id": "i1"}, ' + bad + b"]", 100, {}))
    found.take_dead_letter(_letter(5, 1, bad))
    assert found.trace().outcome == "waiting"
