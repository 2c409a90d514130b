"""Faust with one event for all that was fetched of a topic: the departures from stock Faust, and why.

Faust's cost is per event, and each of its events takes several turns of the loop to reach its agent, in which other
work may have its turn too. So an event is a `Fetch`: runs of consecutive records of one partition each, to which
more is added until the agent takes it. Faults of stock Faust 0.15.3 are mended on the way; each departure has its
test in tests/streams/test_runs.py or test_runs_seeks.py:

1. `_new_offset` never passes a run that is still being worked, also when nothing was committed yet.
2. What is acknowledged is committed *before* the partitions are dropped on revocation.
3. A revocation or a seek makes every run fetched before it *superseded*. Faust throws away what is queued, but not
   all of it: a later run would be worked although an earlier one never was, and whoever remembers how far they have
   read would then take the earlier one, when it is delivered again, for a replay. A superseded run is not worked and
   acknowledges nothing.
4. Nothing is fetched until what was superseded has been sought back, whoever superseded it and why.
5. A seek goes back to the beginning of partitions of which nothing was committed yet. aiokafka leaves those where they
   are, behind what was fetched of them.
6. A static member that is stopped in order leaves its group.
7. Fetching pauses by topic, while an agent leaves WAITING_RECORDS or WAITING_BYTES to wait, and for milliseconds.
   Stock Faust pauses partitions and then waits a second, or until another partition has records.
8. A fetch waits at the broker for FETCH_WAIT_MS. Stock Faust says 1.5 s, and aiokafka sends one fetch at a time: one
   that asks for quiet partitions alone, since those with events still had some to be taken, holds up all of them.
9. Gaps in the offsets (compaction, transaction markers) are no events: nothing is tracked for them.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, cast

import faust
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import IllegalStateError
from faust.events import Event
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP, ConsumerMessage, EventT, Message

FETCH_RECORDS = 512
"""Records handed over by aiokafka at once; what is fetched beyond stays packed."""
WAITING_RECORDS = 512
WAITING_BYTES = 32 * 1024 * 1024
"""What waits for an agent before fetching of its topic pauses: together with the above, the bound of a batch."""
PAUSE_S = 0.002
"""Between two fetches while an agent is busy: what comes meanwhile comes at once, and nothing is later for it."""
FETCH_WAIT_MS = 20
"""How long the broker may wait for records before it answers a fetch."""
GATHERED_BYTES, GATHER_MS = 128 * 1024, 100
"""Of a topic that no list waits for: so much is gathered for so long, and fetched together."""


class Run(list[ConsumerRecord[bytes, bytes]]):
    """Consecutive records of one partition, as aiokafka returns them."""

    def __init__(
        self, records: Iterable[ConsumerRecord[bytes, bytes]], is_current: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(records)
        self.is_current = is_current
        """Whether the run may be worked: nothing was revoked and nothing sought since it was fetched."""


class Fetch:
    """What was fetched of one topic since its agent last took anything."""

    def __init__(self, is_current: Callable[[], bool]) -> None:
        self.is_current = is_current
        """As of every run in it."""
        self.taken = False
        self.ends: list[tuple[TP, int]] = []
        """The last offset of each run; what is acknowledged needs no more."""
        self._runs: list[Run] = []
        self._records = 0
        self._bytes = 0

    def add(self, tp: TP, records: list[ConsumerRecord[bytes, bytes]]) -> None:
        """Adds what was fetched after all that is here."""
        self._runs.append(Run(records, self.is_current))
        self.ends.append((tp, records[-1].offset))
        self._records += len(records)
        self._bytes += sum(len(record.value or b"") for record in records)

    @property
    def waiting_count(self) -> int:
        """Records that no agent has taken."""
        return 0 if self.taken else self._records

    @property
    def is_full(self) -> bool:
        """Whether so much waits that no more should be fetched."""
        return not self.taken and (self._records >= WAITING_RECORDS or self._bytes >= WAITING_BYTES)

    def take(self) -> list[Run]:
        """Hands over all runs, in order; none is added any more."""
        self.taken = True
        runs, self._runs = self._runs, []
        return runs


class FetchTopic(faust.Topic):
    """A topic whose events carry fetches of raw records; decoding is the agent's work."""

    def _compile_decode(self) -> None:
        """Keeps the method below, where stock Faust installs a compiled decoder."""

    async def decode(self, message: Message, *, propagate: bool = False) -> EventT[Any]:
        """Wraps the fetch as it is."""
        return Event(self.app, key=None, value=message.value, headers={}, message=message)


class FetchConsumerThread(AIOKafkaConsumerThread):
    """Faust's thread of aiokafka, with short fetches, and seeks that go back everywhere."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Goes back to the committed offset of each partition, or to its beginning if there is none."""
        committed = await super().seek_to_committed()
        if left := [tp for tp, offset in committed.items() if not offset]:
            await self.seek_to_beginning(*left)
        return committed

    def _create_worker_consumer(self, transport: Transport) -> "AIOKafkaConsumer[bytes, bytes]":
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        if cast(FetchTransport, transport).gathers:
            consumer._fetch_min_bytes, consumer._fetch_max_wait_ms = GATHERED_BYTES, GATHER_MS
        return consumer


class FetchConsumer(Consumer):
    """A consumer that hands over fetches and commits only what lies below every run in work."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # passed on to Faust
        super().__init__(*args, **kwargs)
        self._in_flight: dict[TP, deque[int]] = {}
        self._waiting: dict[str, Fetch] = {}
        """The newest fetch of each topic; it grows until it is taken."""
        self._supersessions = 0
        """Grows whenever what was fetched before must not be worked any more."""
        self._sought = 0
        """The supersession since which every partition has been sought back."""

    def _new_consumer_thread(self) -> FetchConsumerThread:
        return FetchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def verify_all_partitions_active(self) -> None:
        """Does nothing: Faust only logs here what it finds, and ends where a partition has no position yet."""

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        """Fetches records, and yields a fetch of each topic that has no other waiting."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # as in Faust itself
        if any(not fetch.taken for fetch in self._waiting.values()):
            await asyncio.sleep(PAUSE_S)
        full = {topic for topic, fetch in self._waiting.items() if fetch.is_full}
        wanted = {tp for tp in self._get_active_partitions() if tp.topic not in full}
        if not wanted:
            await asyncio.sleep(PAUSE_S)
            return
        supersessions = self._supersessions
        if self._sought != supersessions:
            with suppress(IllegalStateError):  # Raised where the partitions are gone by now.
                await self.perform_seek()
            return
        records = await self._getmany(active_partitions=wanted, timeout=PAUSE_S if full else timeout)
        if not records or self.should_stop:
            return
        if not self.flow_active or self._supersessions != supersessions:
            # Whether aiokafka gave them out before or after the seek that followed, nobody knows.
            self._supersede()
            return
        for message in self._messages_of(records, lambda: self._supersessions == supersessions):
            # Faust drops what lies before what it has read of a partition; here the supersessions decide.
            self._read_offset[message.tp] = None
            yield message.tp, message

    def _messages_of(
        self, records: Mapping[TP, list[ConsumerRecord[bytes, bytes]]], is_current: Callable[[], bool]
    ) -> list[Message]:
        """Adds the records to the fetches that wait; returns the messages of those that are new."""
        messages: list[Message] = []
        for tp, of_partition in records.items():
            fetch = self._waiting.get(tp.topic)
            if fetch is None or fetch.taken:
                fetch = self._waiting[tp.topic] = Fetch(is_current)
                messages.append(self._to_message_of(tp, of_partition[-1], fetch))
            fetch.add(tp, of_partition)
            self._in_flight.setdefault(tp, deque()).append(of_partition[-1].offset)
        return messages

    def _to_message_of(self, tp: TP, last: ConsumerRecord[bytes, bytes], fetch: Fetch) -> Message:
        return ConsumerMessage(
            last.topic, last.partition, last.offset, last.timestamp / 1000.0, last.timestamp_type,
            None, None, cast(bytes, fetch), None, 0, 0, tp, generation_id=self.app.consumer_generation_id,
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
        """Acknowledges a fetch's runs, unless they are superseded: then their records are delivered again."""
        self._unacked_messages.discard(message)
        message.acked = True
        fetch = cast(Fetch, message.value)
        if not fetch.is_current():
            return False
        for tp, end in fetch.ends:
            self._acked[tp].append(end)
            self._acked_index[tp].add(end)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps need no tracking: offsets are committed from runs, not counted one by one."""

    async def perform_seek(self) -> None:
        """Goes back to the committed offsets; what was fetched before is superseded."""
        self._supersede()
        supersessions = self._supersessions
        self._in_flight.clear()
        self._acked.clear()
        self._acked_index.clear()
        await super().perform_seek()
        if self._supersessions == supersessions:
            self._sought = supersessions

    def waiting_count(self) -> int:
        """Records that were fetched and that no agent has taken."""
        return sum(fetch.waiting_count for fetch in list(self._waiting.values()))

    def resume_flow(self) -> None:
        """Supersedes what was handed over since the seek: Faust has just emptied its queues once more."""
        if self._in_flight:
            self._supersede()
        super().resume_flow()

    def leave_at_stop(self) -> None:
        """Has a static member leave its group when it stops in order, so that others take over at once.

        aiokafka would keep its place until the session has run out, as it should only for one that comes back.
        """
        self._thread._ensure_consumer()._coordinator._group_instance_id = None

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Supersedes what was fetched, and commits before the partitions' bookkeeping is dropped."""
        self._supersede()
        await self.commit()
        self._in_flight.clear()
        await super().on_partitions_revoked(revoked)

    def _supersede(self) -> None:
        self._supersessions += 1
        self._waiting.clear()


class FetchTransport(Transport):
    """Faust's aiokafka transport with the consumer above."""

    gathers = False
    """Whether records are gathered for a moment and fetched together."""

    Consumer = FetchConsumer
