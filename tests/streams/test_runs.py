"""Each departure from stock Faust, beside what stock Faust does in the same case."""

import asyncio
import inspect
from collections import defaultdict, deque
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP
from intervaltree import IntervalTree

from streams.runs import PAUSE_S, WAITING_RECORDS, Fetch, FetchConsumer, FetchConsumerThread, FetchTopic
from tests.streams.records import record

TP0 = TP("t", 0)


class FakeApp:
    """As much of an app as a consumer's bookkeeping looks at."""

    consumer_generation_id = 1
    client_only = False


def bookkeeping(kind: type[Consumer], committed: int | None) -> Any:  # noqa: ANN401  # private parts are looked at
    """A consumer without Kafka: only what `_new_offset` uses."""
    consumer = kind.__new__(kind)
    keep_books(consumer, committed)
    return consumer


def keep_books(consumer: Any, committed: int | None) -> None:  # noqa: ANN401  # private parts are set
    consumer._acked = defaultdict(list)
    consumer._acked_index = defaultdict(set)
    consumer._gap = defaultdict(IntervalTree)
    consumer._committed_offset = defaultdict(lambda: committed)
    consumer._in_flight = {}
    consumer._waiting = {}
    consumer._read_offset = {}
    consumer._supersessions = consumer._sought = 0
    consumer._unacked_messages = set()


def acknowledge(consumer: Any, *offsets: int) -> None:  # noqa: ANN401  # private parts are looked at
    consumer._acked[TP0].extend(offsets)
    consumer._acked_index[TP0].update(offsets)


def test_a_run_in_work_is_never_passed_even_before_the_first_commit() -> None:
    consumer = bookkeeping(FetchConsumer, committed=None)
    consumer._in_flight[TP0] = deque([4, 7])
    acknowledge(consumer, 7)
    assert consumer._new_offset(TP0) is None

    stock = bookkeeping(Consumer, committed=None)
    acknowledge(stock, 7)
    assert stock._new_offset(TP0) == 8  # 0 to 4 would be lost


def test_runs_are_committed_in_order_up_to_the_first_in_work() -> None:
    consumer = bookkeeping(FetchConsumer, committed=0)
    consumer._in_flight[TP0] = deque([4, 7, 9, 12])
    acknowledge(consumer, 4, 7, 12)
    assert consumer._new_offset(TP0) == 8
    assert consumer._new_offset(TP0) is None
    acknowledge(consumer, 9)
    assert consumer._new_offset(TP0) == 13


def test_gaps_in_the_offsets_hold_nothing_up() -> None:
    consumer = bookkeeping(FetchConsumer, committed=0)
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

    monkeypatch.setattr(FetchConsumer, "commit", commit)
    monkeypatch.setattr(Consumer, "on_partitions_revoked", drop)
    consumer = bookkeeping(FetchConsumer, committed=0)
    consumer._in_flight[TP0] = deque([4])
    asyncio.run(FetchConsumer.on_partitions_revoked(consumer, {TP0}))
    assert steps == ["commit", "drop"]
    assert not consumer._in_flight


def records_of(counts: dict[int, int], start: int = 0) -> dict[TP, list[Any]]:
    """So many records of each partition."""
    return {
        TP("t", p): [record("t", b"x", partition=p, offset=start + 10 * i) for i in range(count)]
        for p, count in counts.items()
    }


class FetchingConsumer(FetchConsumer):
    """A consumer whose Kafka is a list of what each fetch brings."""

    should_stop = False  # no service runs

    def __init__(self, fetches: list[dict[TP, list[Any]]]) -> None:
        keep_books(self, committed=None)
        self.asked: list[tuple[set[TP], float]] = []
        self.app = FakeApp()  # type: ignore[assignment]  # as much as is looked at
        self.flow_active = True
        self._active_partitions = {TP("t", 0), TP("t", 1), TP("other", 0)}
        self._coming = fetches

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ANN401  # as Faust types it
        self.asked.append((active_partitions or set(), timeout))
        return self._coming.pop(0) if self._coming else {}

    def fetch(self) -> list[Fetch]:
        """What one call of `getmany` yields."""

        async def collect() -> list[Fetch]:
            return [cast(Any, message.value) async for _, message in self.getmany(1.0)]

        return asyncio.run(collect())


def ends(fetch: Fetch) -> list[tuple[int, int]]:
    return [(tp.partition, offset) for tp, offset in fetch.ends]


def test_one_event_carries_a_run_of_each_partition_and_grows_until_it_is_taken() -> None:
    consumer = FetchingConsumer([records_of({0: 2, 1: 1}), records_of({1: 1}, 100), records_of({0: 1}, 200)])
    (first,) = consumer.fetch()
    assert consumer.fetch() == []
    assert [[r.offset for r in run] for run in first.take()] == [[0, 10], [0], [100]]
    assert ends(first) == [(0, 10), (1, 0), (1, 100)]
    (second,) = consumer.fetch()
    assert [[r.offset for r in run] for run in second.take()] == [[200]]


def test_each_topic_has_an_event_of_its_own() -> None:
    both = records_of({0: 1}) | {TP("other", 0): [record("other", b"x")]}
    fetches = FetchingConsumer([both]).fetch()
    assert [[tp.topic for tp, _ in fetch.ends] for fetch in fetches] == [["t"], ["other"]]


def test_a_topic_that_waits_too_long_is_not_fetched_and_delays_no_other() -> None:
    consumer = FetchingConsumer([records_of({0: WAITING_RECORDS})])
    (waiting,) = consumer.fetch()
    consumer.fetch()
    waiting.take()
    consumer.fetch()
    everything = {TP("t", 0), TP("t", 1), TP("other", 0)}
    assert consumer.asked == [(everything, 1.0), ({TP("other", 0)}, PAUSE_S), (everything, 1.0)]


def test_a_worker_whose_queues_are_full_looks_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("streams.runs.asyncio.sleep", sleep)
    consumer: Any = FetchingConsumer([])
    consumer._active_partitions = set()
    assert consumer.fetch() == []
    assert (slept, consumer.asked) == ([PAUSE_S], [])

    stock: Any = Consumer.__new__(Consumer)
    stock.flow_active, stock._active_partitions, stock.sleep = True, set(), sleep
    stock.not_waiting_next_records, stock.app = asyncio.Event(), FakeApp()
    asyncio.run(stock._wait_next_records(1.0))
    assert slept == [PAUSE_S, 1]  # every list would be a second late


@pytest.mark.parametrize(("gathers", "asked"), [(False, (1, 20)), (True, (131_072, 100))])
def test_a_fetch_waits_at_the_broker_for_milliseconds(
    monkeypatch: pytest.MonkeyPatch, gathers: bool, asked: tuple[int, int]
) -> None:
    class AioConsumer:
        _fetch_min_bytes = 1
        _fetch_max_wait_ms = 1500  # what stock Faust asks for

    monkeypatch.setattr(AIOKafkaConsumerThread, "_create_worker_consumer", lambda *_: AioConsumer())
    thread: Any = FetchConsumerThread.__new__(FetchConsumerThread)
    consumer = thread._create_worker_consumer(SimpleNamespace(gathers=gathers))
    assert (consumer._fetch_min_bytes, consumer._fetch_max_wait_ms) == asked
    # aiokafka hands the values on when the consumer starts.
    handed_on = inspect.getsource(AIOKafkaConsumer.start)
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in handed_on
    assert "fetch_min_bytes=self._fetch_min_bytes" in handed_on


class FakeMessage:
    def __init__(self, fetch: Fetch) -> None:
        self.value = fetch
        self.acked = False


def test_every_run_of_a_fetch_is_acknowledged() -> None:
    consumer = FetchingConsumer([records_of({0: 2, 1: 1}), records_of({1: 1}, 100)])
    (fetch,) = consumer.fetch()
    consumer.fetch()
    assert consumer.ack(FakeMessage(fetch)) is True  # type: ignore[arg-type]  # only these parts are looked at
    assert [consumer._new_offset(TP("t", p)) for p in (0, 1)] == [11, 101]


def test_what_was_fetched_before_a_revocation_or_a_seek_is_superseded_and_acknowledges_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing(*_: object) -> bool:
        return True

    for name in ("commit", "on_partitions_revoked", "perform_seek"):
        monkeypatch.setattr(Consumer, name, nothing)
    for step in ("on_partitions_revoked", "perform_seek"):
        consumer: Any = FetchingConsumer([records_of({0: 1}), records_of({0: 1})])
        (fetch,) = consumer.fetch()
        asyncio.run(getattr(consumer, step)(*([{TP0}] if step == "on_partitions_revoked" else [])))
        if step == "on_partitions_revoked":
            assert consumer.fetch() == []  # it seeks
        # What comes after it is an event of its own.
        (again,) = consumer.fetch()
        assert [(run.is_current(), len(run)) for run in fetch.take()] == [(False, 1)]
        assert [(run.is_current(), len(run)) for run in again.take()] == [(True, 1)]
        assert consumer.ack(FakeMessage(fetch)) is False
        assert not consumer._acked_index[TP0]


def test_what_comes_of_a_fetch_that_a_rebalance_overtook_is_fetched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The records may have been taken from aiokafka after the seek: dropping them would lose them."""
    sought: list[int] = []

    async def seek(_self: object) -> None:
        sought.append(1)

    class Overtaken(FetchingConsumer):
        async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ANN401  # as Faust types it
            await self.perform_seek()
            return await super()._getmany(active_partitions, timeout)

    monkeypatch.setattr(Consumer, "perform_seek", seek)
    consumer = Overtaken([records_of({0: 1})])
    assert consumer.fetch() == []
    assert sought == [1]
    assert consumer.fetch() == []
    assert sought == [1, 1]


def test_a_static_member_leaves_its_group_when_it_stops_in_order() -> None:
    class Coordinator:
        _group_instance_id: str | None = "host-1"

    class AioConsumer:
        _coordinator = Coordinator()

    class Thread:
        def _ensure_consumer(self) -> AioConsumer:
            return AioConsumer()

    consumer = bookkeeping(FetchConsumer, committed=None)
    consumer._thread = Thread()
    consumer.leave_at_stop()
    assert Coordinator._group_instance_id == "host-1"
    assert AioConsumer._coordinator._group_instance_id is None


def test_faust_ends_nobody_whose_partition_has_no_position_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Consumer, "assignment", lambda _: {TP0})
    monkeypatch.setattr(Consumer, "should_stop", False)
    monkeypatch.setattr(Consumer, "sleep", lambda _, seconds: asyncio.sleep(seconds))
    monkeypatch.setattr(Consumer, "verify_event_path", Mock(side_effect=AssertionError))
    with pytest.raises(AssertionError):
        asyncio.run(Consumer.verify_all_partitions_active(bookkeeping(Consumer, committed=None)))
    asyncio.run(FetchConsumer.verify_all_partitions_active(bookkeeping(FetchConsumer, committed=None)))


def test_a_topic_hands_the_fetch_over_untouched() -> None:
    app = faust.App("test", broker="kafka://127.0.0.1:1")
    topic = FetchTopic(app, topics=["t"], value_serializer="raw")
    fetch = Fetch(lambda: True)
    event = asyncio.run(topic.decode(FakeMessage(fetch)))  # type: ignore[arg-type]  # only the value is looked at
    assert event.value is fetch
