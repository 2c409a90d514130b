from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online.events import Cursor
from streams import metrics
from streams import patches as patches_module
from streams.events import DeadLetter, ItemDocument, Medium
from streams.patches import Patches, merge
from streams.settings import Settings
from streams.stores.documents import Entry
from streams.topics import home_partition
from tests.streams.records import record


@pytest.mark.parametrize(
    ("document", "patch", "merged"),
    [  # from RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_follows_the_rfc(
    document: dict[str, Any], patch: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert merge(document, patch) == merged


_values = st.recursive(
    st.none() | st.integers(), lambda v: st.dictionaries(st.sampled_from("abc"), v), max_leaves=6
)
_objects = st.dictionaries(st.sampled_from("abc"), _values)


@given(_objects, _objects)
def test_merging_a_patch_twice_changes_nothing_more(document: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merge(document, patch)
    assert merge(once, patch) == once


class FakeStore:
    """Documents of every partition, in memory."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def get(self, item_id: str, _partition: int) -> Entry:
        return self.entries.get(item_id, Entry(None, None))


def patches(store: FakeStore) -> Patches:
    return Patches(Settings(), store, "topic-id")  # type: ignore[arg-type]  # duck-typed


HOME = home_partition("i", 4)


def test_patches_of_one_item_become_one_document() -> None:
    batch = patches(FakeStore())
    batch.add(record("media", {"item_id": "i", "title": "T", "text": "x"}, partition=HOME, offset=1))
    batch.add(record("media", {"item_id": "i", "text": None, "price": 2}, partition=HOME, offset=2))
    (changed,) = batch.changed.values()
    assert changed.document is not None
    assert (changed.document.title, changed.document.text, changed.document.price) == ("T", None, 2.0)
    assert changed.cursor == Cursor("topic-id", HOME, 2, 0)


def test_an_address_takes_the_place_of_earlier_data_and_data_beside_it_count() -> None:
    batch = patches(FakeStore())

    def send(offset: int, **image: str) -> ItemDocument | None:
        batch.add(record("media", {"item_id": "i", "image": image}, partition=HOME, offset=offset))
        return batch.changed["i"].document

    send(1, data="aGk=", format="png")
    assert (changed := send(2, url="https://a/b.png")) is not None
    assert changed.image == Medium(url="https://a/b.png", format="png")
    assert (changed := send(3, url="https://a/c.png", data="aGk=")) is not None
    assert changed.image == Medium(url="https://a/c.png", data="aGk=", format="png")
    assert (changed := send(4, format="jpeg")) is not None
    assert changed.image == Medium(url="https://a/c.png", data="aGk=", format="jpeg")


def test_a_tombstone_deletes_and_a_later_patch_starts_anew() -> None:
    batch = patches(FakeStore())
    batch.add(record("media", {"item_id": "i", "title": "T"}, partition=HOME, offset=1))
    batch.add(record("media", None, partition=HOME, offset=2, key="i"))
    assert [c.document for c in batch.changed.values()] == [None]
    batch.add(record("media", {"item_id": "i", "text": "x"}, partition=HOME, offset=3))
    document = batch.changed["i"].document
    assert document is not None
    assert (document.title, document.text) == (None, "x")


def test_what_the_documents_cursor_has_passed_is_not_merged_again() -> None:
    store = FakeStore()
    store.entries["i"] = Entry(Cursor("topic-id", HOME, 5, 0), b'{"item_id":"i","title":"new"}')
    batch = patches(store)
    batch.add(record("media", {"item_id": "i", "title": "old"}, partition=HOME, offset=5))
    assert not batch.changed
    batch.add(record("media", {"item_id": "i", "price": 1}, partition=HOME, offset=6))
    document = batch.changed["i"].document
    assert document is not None
    assert (document.title, document.price) == ("new", 1.0)


def test_a_medium_that_lies_astray_is_sent_home() -> None:
    batch = patches(FakeStore())
    batch.add(record("media", {"item_id": "i"}, partition=(HOME + 1) % 4, key="x"))
    assert not batch.changed
    (sent,) = batch.outgoing
    assert (sent.topic, sent.partition, sent.key) == ("media", HOME, b"i")


def test_a_medium_astray_that_would_not_fit_in_a_record_of_its_own_is_refused() -> None:
    batch = patches(FakeStore())
    batch.add(record("media", {"item_id": "i", "text": "x" * 2**24}, partition=(HOME + 1) % 4, offset=3))
    (dead,) = (msgspec.json.decode(o.value or b"", type=DeadLetter) for o in batch.outgoing)
    assert (dead.topic, dead.offset, dead.error.code, dead.error.path) == ("media", 3, "too_large", "$")


def test_a_large_document_is_not_packed_for_each_of_its_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[int] = []

    def encode(value: object) -> bytes:
        data = msgspec.json.encode(value)
        packed.append(len(data))
        return data

    monkeypatch.setattr(patches_module, "_encode", encode)
    store = FakeStore()
    store.entries["i"] = Entry(None, msgspec.json.encode({"item_id": "i", "text": "x" * 2**20}))
    batch = patches(store)
    batch.add(record("media", [{"item_id": "i", "price": price} for price in range(50)], partition=HOME))
    assert sum(packed) < 2**20


@pytest.mark.parametrize(("length", "is_kept"), [(6, True), (13, False)])
def test_a_document_is_refused_only_where_it_would_be_too_large(length: int, is_kept: bool) -> None:
    batch = patches(FakeStore())
    for field, size in (("text", 9), ("text", 8), ("title", length), ("text", 1), ("text", 8)):
        batch.add(record("media", {"item_id": "i", field: "x" * (size * 2**20)}, partition=HOME))
    document = batch.changed["i"].document
    assert document is not None
    assert bool(document.title) == is_kept
    assert bool(batch.outgoing) != is_kept


def test_a_bad_patch_is_refused_and_the_others_go_on() -> None:
    batch = patches(FakeStore())
    batch.add(
        record("media", [{"item_id": "i", "titel": "T"}, {"item_id": "i", "title": "T"}], partition=HOME)
    )
    assert [o.topic for o in batch.outgoing] == ["dead-letters"]
    assert batch.changed["i"].document is not None


def test_a_patch_of_a_newer_schema_is_counted() -> None:
    counter = metrics.NEWER_SCHEMA.labels(topic="media")
    before, batch = counter._value.get(), patches(FakeStore())
    batch.add(record("media", {"item_id": "i", "schema_version": 2, "smell": "sweet"}, partition=HOME))
    assert counter._value.get() == before + 1
    assert list(batch.changed) == ["i"]
