"""Each departure from stock Faust, beside what stock Faust does in the same case."""

import asyncio
from collections import defaultdict, deque
from typing import Any

import faust
import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP
from intervaltree import IntervalTree

from streams.runs import RUN_LIMIT, Run, RunConsumer, RunTopic
from tests.streams.records import record

TP0 = TP("t", 0)


class FakeApp:
    """As much of an app as a consumer's bookkeeping looks at."""

    consumer_generation_id = 1
    client_only = False


def bookkeeping(kind: type[Consumer], committed: int | None) -> Any:  # noqa: ANN401  # private parts are looked at
    """A consumer without Kafka: only what `_new_offset` uses."""
    consumer: Any = kind.__new__(kind)
    consumer._acked = defaultdict(list)
    consumer._acked_index = defaultdict(set)
    consumer._gap = defaultdict(IntervalTree)
    consumer._committed_offset = defaultdict(lambda: committed)
    consumer._in_flight = {}
    consumer._fetches = 0
    consumer._unacked_messages = set()
    return consumer


def acknowledge(consumer: Any, *offsets: int) -> None:  # noqa: ANN401  # private parts are looked at
    consumer._acked[TP0].extend(offsets)
    consumer._acked_index[TP0].update(offsets)


def test_a_run_in_work_is_never_passed_even_before_the_first_commit() -> None:
    consumer = bookkeeping(RunConsumer, committed=None)
    consumer._in_flight[TP0] = deque([4, 7])
    acknowledge(consumer, 7)
    assert consumer._new_offset(TP0) is None

    stock = bookkeeping(Consumer, committed=None)
    acknowledge(stock, 7)
    assert stock._new_offset(TP0) == 8  # 0 to 4 would be lost


def test_runs_are_committed_in_order_up_to_the_first_in_work() -> None:
    consumer = bookkeeping(RunConsumer, committed=0)
    consumer._in_flight[TP0] = deque([4, 7, 9, 12])
    acknowledge(consumer, 4, 7, 12)
    assert consumer._new_offset(TP0) == 8
    assert consumer._new_offset(TP0) is None
    acknowledge(consumer, 9)
    assert consumer._new_offset(TP0) == 13


def test_gaps_in_the_offsets_hold_nothing_up() -> None:
    consumer = bookkeeping(RunConsumer, committed=0)
    asyncio.run(consumer._add_gap(TP0, 1, 100))
    consumer._in_flight[TP0] = deque([100])
    acknowledge(consumer, 100)
    assert consumer._new_offset(TP0) == 101
    assert not consumer._gap[TP0]


def test_what_is_acknowledged_is_committed_before_the_partitions_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[str] = []

    async def commit(_self: object) -> bool:
        steps.append("commit")
        return True

    async def drop(_self: object, _revoked: set[TP]) -> None:
        steps.append("drop")

    monkeypatch.setattr(RunConsumer, "commit", commit)
    monkeypatch.setattr(Consumer, "on_partitions_revoked", drop)
    consumer = bookkeeping(RunConsumer, committed=0)
    consumer._in_flight[TP0] = deque([4])
    asyncio.run(RunConsumer.on_partitions_revoked(consumer, {TP0}))
    assert steps == ["commit", "drop"]
    assert not consumer._in_flight


def fetched(counts: dict[int, int]) -> list[tuple[TP, list[int]]]:
    """The runs that come of fetching so many records of each partition: partition and offsets."""
    consumer = bookkeeping(RunConsumer, committed=None)
    records = {
        TP("t", p): [record("t", b"x", partition=p, offset=10 * i) for i in range(count)]
        for p, count in counts.items()
    }

    async def next_records(_timeout: float) -> Any:  # noqa: ANN401  # as Faust types it
        return records, set(records)

    async def collect() -> list[tuple[TP, list[int]]]:
        found = []
        async for tp, message in consumer.getmany(1.0):
            assert message.offset == message.value[-1].offset
            found.append((tp, [r.offset for r in message.value]))
        return found

    consumer._wait_next_records = next_records
    consumer.app = FakeApp()
    consumer.flow_active = True
    consumer._buffered_partitions = set()
    RunConsumer.should_stop = property(lambda _self: False)  # type: ignore[assignment,method-assign]  # no service runs
    try:
        return asyncio.run(collect())
    finally:
        del RunConsumer.should_stop


def test_one_event_carries_a_run_of_consecutive_records_partitions_in_turn() -> None:
    runs = fetched({0: RUN_LIMIT + 1, 1: 2})
    assert [(tp.partition, len(offsets)) for tp, offsets in runs] == [(0, RUN_LIMIT), (1, 2), (0, 1)]
    assert [o for tp, offsets in runs if tp.partition == 0 for o in offsets] == [
        10 * i for i in range(RUN_LIMIT + 1)
    ]


def seconds_slept_for_room(kind: type[Consumer], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a consumer sleeps when every partition's queue is full."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    consumer: Any = kind.__new__(kind)
    consumer.flow_active = True
    consumer._buffered_partitions = {TP0}
    consumer._active_partitions = set()
    consumer.not_waiting_next_records = asyncio.Event()
    consumer.app = FakeApp()
    consumer.sleep = sleep
    monkeypatch.setattr("streams.runs.asyncio.sleep", sleep)
    assert asyncio.run(consumer._wait_next_records(1.0)) == ({}, set())
    return slept


def test_a_full_queue_is_looked_at_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seconds_slept_for_room(RunConsumer, monkeypatch) == [0.005]
    assert seconds_slept_for_room(Consumer, monkeypatch) == [1]  # every list would be a second late


class FakeMessage:
    def __init__(self, run: Run) -> None:
        self.value = run


def test_what_was_fetched_before_a_revocation_or_a_seek_is_superseded_and_acknowledges_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing(*_: object) -> bool:
        return True

    for name in ("commit", "on_partitions_revoked", "perform_seek"):
        monkeypatch.setattr(Consumer, name, nothing)
    for step in ("on_partitions_revoked", "perform_seek"):
        consumer = bookkeeping(RunConsumer, committed=None)
        fetches = consumer._fetches
        run = Run([record("t", b"x", offset=7)], lambda c=consumer, f=fetches: c._fetches == f)  # type: ignore[misc]  # bound now
        assert run.is_current()
        asyncio.run(getattr(consumer, step)(*([{TP0}] if step == "on_partitions_revoked" else [])))
        assert not run.is_current()
        assert consumer.ack(FakeMessage(run)) is False
        assert not consumer._acked_index[TP0]


def test_a_static_member_leaves_its_group_when_it_stops_in_order() -> None:
    class Coordinator:
        _group_instance_id: str | None = "host-1"

    class AioConsumer:
        _coordinator = Coordinator()

    class Thread:
        def _ensure_consumer(self) -> AioConsumer:
            return AioConsumer()

    consumer = bookkeeping(RunConsumer, committed=None)
    consumer._thread = Thread()
    consumer.leave_at_stop()
    assert Coordinator._group_instance_id == "host-1"
    assert AioConsumer._coordinator._group_instance_id is None


def test_a_topic_hands_the_run_over_untouched() -> None:
    app = faust.App("test", broker="kafka://127.0.0.1:1")
    topic = RunTopic(app, topics=["t"], value_serializer="raw")
    run = Run([record("t", b"not json")])
    event = asyncio.run(topic.decode(FakeMessage(run)))  # type: ignore[arg-type]  # only the value is looked at
    assert event.value is run
