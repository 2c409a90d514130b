"""The stand-in for Kafka keeps a few of the real one's laws."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.follower import LogGapError, Record
from streams.producer import Outgoing
from streams.settings import Settings
from streams.topics import home_partition
from tests.flow.memory import Crash, Group, MemoryFollower, MemoryKafka, MemoryProducer

SETTINGS = Settings(partitions=3)


def message(key: str, value: str = "v", partition: int = -1) -> Outgoing:
    return Outgoing("users", key.encode(), value.encode(), partition)


@given(st.lists(st.text(min_size=1, max_size=3), max_size=20))
def test_keys_lie_at_home_in_the_order_of_writing(keys: list[str]) -> None:
    kafka = MemoryKafka(SETTINGS)
    asyncio.run(MemoryProducer(kafka).deliver([message(k, str(n)) for n, k in enumerate(keys)], lambda: None))
    for partition in range(3):
        log = kafka.logs["users", partition]
        assert [r.offset for r in log] == list(range(len(log)))
        values = [int(r.value or b"") for r in log]
        assert values == sorted(values)
        assert all(home_partition((r.key or b"").decode(), 3) == partition for r in log)
    assert len(kafka.records("users")) == len(keys)


def test_a_crash_leaves_what_was_written_before_it() -> None:
    kafka = MemoryKafka(SETTINGS)
    producer = MemoryProducer(kafka, crash_after=2)
    with pytest.raises(Crash):
        asyncio.run(producer.deliver([message(key, partition=0) for key in "abc"], lambda: None))
    assert [r.key for r in kafka.records("users")] == [b"a", b"b"]


def test_reading_to_the_end_takes_what_is_there_now_and_later_the_rest() -> None:
    kafka = MemoryKafka(SETTINGS)
    for key in "abc":
        kafka.append(message(key, partition=1))
    follower = MemoryFollower(kafka, SETTINGS, "users")
    found: list[bytes] = []

    def take(record: Record) -> None:
        found.append(record.key)
        if len(found) == 1:
            kafka.append(message("later", partition=1))

    async def story() -> None:
        await follower.assign({0: -1, 1: 1})
        await follower.read_to_end(take)
        assert (found, follower.positions) == ([b"b", b"c"], {0: 0, 1: 3})
        await follower.read_to_end(take)

    asyncio.run(story())
    assert found == [b"b", b"c", b"later"]


@pytest.mark.parametrize("gaps", ["error", "earliest"])
def test_what_retention_has_removed_is_a_gap(gaps: str) -> None:
    kafka = MemoryKafka(SETTINGS)
    for key in "abc":
        kafka.append(message(key, partition=0))
    kafka.starts["users", 0] = 2
    follower = MemoryFollower(kafka, SETTINGS, "users", gaps)
    found: list[bytes] = []

    async def story() -> None:
        await follower.assign({0: 0})
        await follower.read_to_end(lambda record: found.append(record.key))

    if gaps == "error":
        with pytest.raises(LogGapError, match="no longer in the log"):
            asyncio.run(story())
    else:
        asyncio.run(story())
        assert found == [b"c"]


def test_a_group_hands_out_again_what_was_not_acknowledged() -> None:
    kafka = MemoryKafka(SETTINGS)
    for key in "abc":
        kafka.append(message(key, partition=2))
    group = Group(kafka, "users")
    first = group.fetch(2)
    assert [[r.key for r in run] for run in group.fetch(2)] == [[b"a", b"b"]]
    group.ack(first)
    assert [[r.key for r in run] for run in group.fetch(2)] == [[b"c"]]


def test_compaction_keeps_the_newest_and_no_tombstones() -> None:
    kafka = MemoryKafka(SETTINGS)
    for made in (message("a", "1"), message("b", "1"), message("a", "2"), Outgoing("users", b"b", None)):
        kafka.append(made)
    assert kafka.newest("users") == {"a": b"2"}
