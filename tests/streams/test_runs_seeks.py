"""No record is passed over, however rebalances, seeks, fetches and work overlap: by chance, and one case at a time."""

import asyncio
import random
from collections import deque
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP

from streams.runs import Fetch, FetchConsumerThread
from tests.streams.records import record
from tests.streams.test_runs import FakeMessage, FetchingConsumer, records_of

TP0, TP1 = TP("t", 0), TP("t", 1)
COUNT = 40
"""Records of each partition."""


class Aiokafka:
    """What aiokafka does with positions, and how long its answers take: some turns of the loop, by chance."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.positions = {TP0: 0, TP1: 0}
        self.committed: dict[TP, int] = {}
        self.assigned = asyncio.Event()
        self.assigned.set()

    async def pause(self) -> None:
        for _ in range(self._rng.choice((0, 0, 1, 2, 5, 12))):
            await asyncio.sleep(0)

    def assign(self) -> None:
        """A new assignment starts where the group is."""
        self.positions = {tp: self.committed.get(tp, 0) for tp in self.positions}
        self.assigned.set()

    async def fetch(self) -> dict[TP, list[Any]]:
        """Gives out some records; what waits while the group is assigned anew is answered afterwards."""
        await self.pause()
        await self.assigned.wait()
        given: dict[TP, list[Any]] = {}
        for tp, start in self.positions.items():
            if end := min(COUNT, start + self._rng.randrange(6)) - start:
                given[tp] = [record("t", b"x", partition=tp.partition, offset=start + i) for i in range(end)]
                self.positions[tp] = start + end
        await self.pause()
        return given

    async def seek_to_committed(self) -> dict[TP, int | None]:
        """As in aiokafka 0.14, which leaves a partition where it is when nothing was committed."""
        found: dict[TP, int | None] = {}
        for tp in self.positions:
            found[tp] = self.committed.get(tp)
            await self.pause()
            if offset := found[tp]:
                self.positions[tp] = offset
        return found

    async def seek_to_beginning(self, *partitions: TP) -> None:
        self.positions |= dict.fromkeys(partitions, 0)
        await self.pause()


def thread_on(kafka: Aiokafka, kind: type[AIOKafkaConsumerThread] = FetchConsumerThread) -> Any:  # noqa: ANN401  # private parts are set
    """Faust's thread of aiokafka, without a thread."""

    async def call(function: Any, *args: Any) -> Any:  # noqa: ANN401  # whatever is called
        return await function(*args)

    thread: Any = kind.__new__(kind)
    thread._consumer, thread.call_thread = kafka, call
    return thread


class River:
    """A consumer, its agent, its commits and what Faust does in rebalances, all at the same time."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.kafka = Aiokafka(self._rng)
        self.queue: deque[Fetch] = deque()
        self.next = {TP0: 0, TP1: 0}
        """By partition, the first offset that was not worked yet."""
        self.consumer = self._new_consumer()

    def _new_consumer(self) -> Any:  # noqa: ANN401  # private parts are set
        kafka = self.kafka

        class OnFake(FetchingConsumer):
            async def wait(self, event: Any) -> None:  # type: ignore[override]  # noqa: ANN401  # no service runs
                await event.wait()

            async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ANN401  # as Faust types it
                return await kafka.fetch()

            async def commit(self, *_: Any) -> bool:  # noqa: ANN401  # as Faust types it
                offsets = {tp: offset for tp in (TP0, TP1) if (offset := self._new_offset(tp)) is not None}
                await kafka.pause()
                kafka.committed |= offsets
                return True

        consumer: Any = OnFake([])
        consumer._thread = thread_on(kafka)
        consumer._active_partitions = {TP0, TP1}
        consumer.can_resume_flow, consumer.suspend_flow = asyncio.Event(), asyncio.Event()
        return consumer

    async def drain(self) -> None:
        while True:
            async for _, message in self.consumer.getmany(1.0):
                await self.kafka.pause()
                if self.consumer.flow_active:
                    self.queue.append(message.value)
            await asyncio.sleep(0)

    async def work(self) -> None:
        while True:
            await self.kafka.pause()
            await asyncio.sleep(0)
            if self.queue:
                fetch = self.queue.popleft()
                for run in fetch.take():
                    await self.kafka.pause()
                    if run.is_current():
                        tp = TP("t", run[0].partition)
                        assert run[0].offset <= self.next[tp], (
                            f"{tp} went on at {run[0].offset}, not {self.next[tp]}"
                        )
                        self.next[tp] = max(self.next[tp], run[-1].offset + 1)
                await self.kafka.pause()
                self.consumer.ack(FakeMessage(fetch))

    async def commit(self) -> None:
        while True:
            await self.kafka.pause()
            await asyncio.sleep(0)
            await self.consumer.commit()
            assert all(offset <= self.next[tp] for tp, offset in self.kafka.committed.items())

    async def rebalance(self) -> None:
        """One after the other, the next one often before Faust is through with the last one."""
        async with asyncio.TaskGroup() as recoveries:
            for _ in range(6):
                for _ in range(self._rng.randrange(60)):
                    await asyncio.sleep(0)
                self.kafka.assigned.clear()
                await self.consumer.on_partitions_revoked({TP0, TP1})
                self.queue.clear()
                await self.kafka.pause()
                self.kafka.assign()
                recoveries.create_task(self._recover())

    async def _recover(self) -> None:
        await self.kafka.pause()
        await self.consumer.perform_seek()
        await self.kafka.pause()
        self.queue.clear()
        self.consumer.resume_flow()

    async def run(self) -> None:
        """Ends when everything was worked."""
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(task()) for task in (self.drain, self.work, self.commit)]
            await self.rebalance()
            while set(self.next.values()) != {COUNT}:
                await asyncio.sleep(0)
            for task in beside:
                task.cancel()


@pytest.mark.parametrize("seed", range(100))
def test_no_record_is_passed_over(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async def revoke(consumer: Any, _revoked: set[TP]) -> None:  # noqa: ANN401  # private parts are looked at
        consumer._acked.clear()
        consumer._acked_index.clear()
        consumer.stop_flow()

    monkeypatch.setattr(Consumer, "on_partitions_revoked", revoke)
    monkeypatch.setattr("streams.runs.PAUSE_S", 0)

    async def run() -> None:
        await River(seed).run()

    asyncio.run(run())


def test_a_partition_of_which_nothing_was_committed_is_read_from_its_beginning_again() -> None:
    async def sought(kind: type[AIOKafkaConsumerThread]) -> dict[TP, int]:
        kafka = Aiokafka(random.Random(1))
        kafka.positions, kafka.committed = {TP0: 9, TP1: 9}, {TP0: 4}
        await thread_on(kafka, kind).seek_to_committed()
        return kafka.positions

    assert asyncio.run(sought(FetchConsumerThread)) == {TP0: 4, TP1: 0}
    assert asyncio.run(sought(AIOKafkaConsumerThread)) == {TP0: 4, TP1: 9}  # 0 to 8 would be lost


def test_what_faust_empties_from_its_queues_when_it_resumes_is_fetched_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sought: list[int] = []

    async def seek(_self: object) -> None:
        sought.append(1)

    monkeypatch.setattr(Consumer, "perform_seek", seek)
    monkeypatch.setattr(Consumer, "resume_flow", lambda _self: None)
    consumer = FetchingConsumer([records_of({0: 1}), records_of({0: 1})])
    consumer.resume_flow()
    (thrown_away,) = consumer.fetch()
    consumer.resume_flow()
    assert not thrown_away.is_current()
    assert consumer.fetch() == []
    assert sought == [1]
    assert [len(run) for run in consumer.fetch()[0].take()] == [1]
