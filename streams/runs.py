"""Faust with one event per run of records: the departures from stock Faust, and why.

Faust's cost is per event, so an event carries a run of consecutive records of one partition. Faults of stock Faust
0.15.3 are mended on the way; each departure has its test in tests/streams/test_runs.py:

1. `_new_offset` never passes a run that is still being worked, also when nothing was committed yet.
2. What is acknowledged is committed *before* the partitions are dropped on revocation.
3. A revocation or a seek makes every run fetched before it *superseded*. Faust throws away what is queued, but not
   all of it: a later run would be worked although an earlier one never was, and whoever remembers how far they have
   read would then take the earlier one, when it is delivered again, for a replay. A superseded run is not worked and
   acknowledges nothing.
4. A static member that is stopped in order leaves its group.
5. A worker whose queue is full looks again after milliseconds. Stock Faust sleeps a second; with a queue of some
   dozen runs that is how long a moment's hold-up would make every list late.
6. Gaps in the offsets (compaction, transaction markers) are no events: nothing is tracked for them.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, cast

import faust
from aiokafka import ConsumerRecord
from faust.events import Event
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP, ConsumerMessage, EventT, Message

RUN_LIMIT = 64
"""Records in one run; bounds a batch's work together with the runs an agent takes at once."""

FULL_PAUSE_S = 0.005
"""How long to wait for room in the queue: about as long as a small batch takes."""


class Run(list[ConsumerRecord[bytes, bytes]]):
    """Consecutive records of one partition, as aiokafka returns them."""

    def __init__(
        self, records: Iterable[ConsumerRecord[bytes, bytes]], is_current: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(records)
        self.is_current = is_current
        """Whether the run may be worked: nothing was revoked and nothing sought since it was fetched."""


class RunTopic(faust.Topic):
    """A topic whose events carry runs of raw records; decoding is the agent's work."""

    def _compile_decode(self) -> None:
        """Keeps the method below, where stock Faust installs a compiled decoder."""

    async def decode(self, message: Message, *, propagate: bool = False) -> EventT[Any]:
        """Wraps the run as it is."""
        return Event(self.app, key=None, value=message.value, headers={}, message=message)


class RunConsumer(Consumer):
    """A consumer that hands over runs and commits only what lies below every run in work."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # passed on to Faust
        super().__init__(*args, **kwargs)
        self._in_flight: dict[TP, deque[int]] = {}
        self._fetches = 0
        """Grows with every revocation and seek."""

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Fetches records and yields them in runs of one partition, partitions in turn."""
        records, active = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        fetches = self._fetches
        queues = {
            tp: deque(batch)
            for tp, batch in records.items()
            if active is None or tp in active or tp in self._buffered_partitions
        }
        while queues:
            for tp in list(queues):
                if not self.flow_active or self._fetches != fetches:
                    return
                records_of_run = [queues[tp].popleft() for _ in range(min(RUN_LIMIT, len(queues[tp])))]
                run = Run(records_of_run, lambda: self._fetches == fetches)
                if not queues[tp]:
                    del queues[tp]
                self._in_flight.setdefault(tp, deque()).append(run[-1].offset)
                yield tp, self._to_message_of(tp, run)

    async def _wait_next_records(self, timeout: float) -> tuple[Any, set[TP] | None]:
        """Fetches records, as stock Faust does unless the queue of every partition is full."""
        if self.flow_active and self._buffered_partitions and not self._get_active_partitions():
            await asyncio.sleep(FULL_PAUSE_S)
            return {}, set()
        return cast(tuple[Any, set[TP] | None], await super()._wait_next_records(timeout))

    def _to_message_of(self, tp: TP, run: Run) -> Message:
        last = run[-1]
        return ConsumerMessage(
            last.topic, last.partition, last.offset, last.timestamp / 1000.0, last.timestamp_type,
            None, None, cast(bytes, run), None, 0, 0, tp, generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    def _new_offset(self, tp: TP) -> int | None:
        """One past the last acknowledged run below every unacknowledged one; None if there is none."""
        in_flight = self._in_flight.get(tp)
        acked = self._acked_index[tp]
        last: int | None = None
        while in_flight and in_flight[0] in acked:
            last = in_flight.popleft()
            acked.discard(last)
        if last is None:
            return None
        self._acked[tp] = [offset for offset in self._acked[tp] if offset > last]
        return last + 1

    def ack(self, message: Message) -> bool:
        """Acknowledges a run, unless it is superseded: then its records are delivered again."""
        if not cast(Run, message.value).is_current():
            self._unacked_messages.discard(message)
            return False
        return bool(super().ack(message))

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps need no tracking: offsets are committed from runs, not counted one by one."""

    async def perform_seek(self) -> None:
        """Goes back to the committed offsets; what was fetched before is superseded."""
        self._fetches += 1
        self._in_flight.clear()
        await super().perform_seek()

    def leave_at_stop(self) -> None:
        """Has a static member leave its group when it stops in order, so that others take over at once.

        aiokafka would keep its place until the session has run out, as it should only for one that comes back.
        """
        self._thread._ensure_consumer()._coordinator._group_instance_id = None

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Supersedes what was fetched, and commits before the partitions' bookkeeping is dropped."""
        self._fetches += 1
        await self.commit()
        self._in_flight.clear()
        await super().on_partitions_revoked(revoked)


class RunTransport(Transport):
    """Faust's aiokafka transport with the consumer above."""

    Consumer = RunConsumer
