"""The newest record of a key, when records are replaced and compacted away while it is read."""

import asyncio

import pytest

from streams.console import places
from streams.console.places import Newest
from streams.follower import Record


def record(key: str, offset: int, value: bytes | None = b"{}", partition: int = 0) -> Record:
    return Record(partition, offset, key.encode(), value, 1000 + offset, {})


def test_the_newest_record_is_read_where_it_lies() -> None:
    lying = [record("a", 0), record("b", 1), record("a", 2)]
    newest = Newest(lambda _, offset: lying[offset])
    for one in lying:
        newest.take(one)
    assert asyncio.run(newest.of("a")) == lying[2]
    assert asyncio.run(newest.of("c")) is None
    assert (list(newest), len(newest)) == ([b"a", b"b"], 2)


def test_a_tombstone_ends_its_key() -> None:
    newest = Newest(lambda _, offset: record("a", offset))
    newest.take(record("a", 0))
    newest.take(record("a", 1, None))
    newest.take(record("never", 2, None))
    assert asyncio.run(newest.of("a")) is None
    assert len(newest) == 0


def test_a_record_that_was_compacted_away_is_looked_for_where_the_newer_one_lies() -> None:
    def read(partition: int, offset: int) -> Record:
        if offset == 0:  # Compaction has left the record behind it only; meanwhile the newer one was taken.
            newest.take(record("a", 5))
            return record("b", 1)
        return record("a", offset, partition=partition)

    newest = Newest(read)
    newest.take(record("a", 0))
    found = asyncio.run(newest.of("a"))
    assert found is not None
    assert found.offset == 5


def test_a_place_that_never_comes_true_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "PAUSE_S", 0.0)
    newest = Newest(lambda _, offset: record("b", offset))
    newest.take(record("a", 0))
    with pytest.raises(TimeoutError, match="the record of 'a' was replaced again and again"):
        asyncio.run(newest.of("a"))
