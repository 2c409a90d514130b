"""Reading partitions without a group: state that a worker loads at its start and then keeps up with."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Literal

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition
from msgspec import Struct

from streams.kafka import FOLLOWERS, denial, headers_of, reader_config
from streams.settings import Settings
from streams.topics import full_name, table

FETCH_LIMIT = 2_000
GATHERED_BYTES = 128 * 1024
TURN_S = 0.002
"""Time spent handling records before others have their turn in the loop."""


class Record(Struct):
    """One record of a topic."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp_ms: int
    headers: dict[str, bytes]


Handler = Callable[[Record], None]


def to_record(message: Message) -> Record:
    """A record as the client library has it."""
    key, value = message.key(), message.value()
    return Record(
        partition=int(message.partition() or 0),
        offset=int(message.offset() or 0),
        key=b"" if key is None else key,
        value=value,
        timestamp_ms=message.timestamp()[1],
        headers={name: value or b"" for name, value in headers_of(message)},
    )


class LogGapError(RuntimeError):
    """The position asked for is no longer in the log; the message says what was lost."""


class Follower:
    """Reads given partitions of one topic from given offsets on, in a thread of its own.

    Not for concurrent use: one coroutine at a time calls `read_to_end` or `follow`.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        gaps: Literal["error", "earliest"] = "earliest",
        gathers: bool = False,
    ) -> None:
        """A follower that has no partitions yet.

        Args:
            settings: Where Kafka is.
            topic: Full name.
            gaps: Whether an offset that retention has removed is an error or means the earliest one.
            gathers: Whether records are gathered for a moment and fetched together, where nothing waits for them: a
                fetch costs the broker and this process as much as many records do.
        """
        self.topic = topic
        self._settings = settings
        self._consumer = Consumer(
            reader_config(settings)
            | {
                "auto.offset.reset": gaps,
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": 16_384,
                "fetch.wait.max.ms": 100,
                "fetch.min.bytes": GATHERED_BYTES if gathers else 1,
            }
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"follow-{topic}")
        self.positions: dict[int, int] = {}
        """The next offset to read, by partition."""

    async def assign(self, positions: Mapping[int, int]) -> None:
        """Chooses the partitions and where to go on in each; a negative offset is the beginning."""
        self.positions = dict(positions)
        chosen = [
            TopicPartition(self.topic, partition, offset if offset >= 0 else OFFSET_BEGINNING)
            for partition, offset in positions.items()
        ]
        # In the reading thread: a poll that was given up must not swallow records of the new assignment.
        await asyncio.get_running_loop().run_in_executor(self._thread, self._consumer.assign, chosen)

    async def read_to_end(self, handle: Handler) -> None:
        """Handles everything up to each partition's end as it is now, however much comes meanwhile.

        That an end was met is said by the client library only when nothing came while a fetch waited, which is never
        where records come all the time. So ends are asked for first.
        """
        starts = dict(self.positions)
        ends = await asyncio.get_running_loop().run_in_executor(self._thread, self._known_ends)
        waiting = set(starts)
        while waiting:
            waiting -= await self._take_turns(handle)
            # A start beyond the end is another log's: then what the library says counts, an error as a rule.
            waiting = {p for p in waiting if not starts[p] <= ends.get(p, -1) <= self.positions[p]}

    async def follow(self, handle: Handler) -> None:
        """Handles what comes, for ever."""
        while True:
            await self._take_turns(handle)

    async def _take_turns(self, handle: Handler) -> set[int]:
        """Handles what one poll brings; returns the partitions whose end was met."""
        ended: set[int] = set()
        turn_s = time.perf_counter()
        for message in await asyncio.get_running_loop().run_in_executor(self._thread, self._poll):
            error = message.error()
            if error is None:
                record = to_record(message)
                handle(record)
                self.positions[record.partition] = record.offset + 1
                if time.perf_counter() - turn_s > TURN_S:
                    await asyncio.sleep(0)
                    turn_s = time.perf_counter()
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add(int(message.partition() or 0))
            else:
                self._refuse(error)
        return ended

    def _refuse(self, error: KafkaError) -> None:
        if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
            msg = f"{self.topic}: what comes after {self.positions} is no longer in the log: {error.str()}"
            raise LogGapError(msg)
        if denied := denial(self._settings, error, f"read topic {self.topic}, or name group {FOLLOWERS}"):
            raise denied
        if error.fatal():
            raise KafkaException(error)

    def _poll(self) -> list[Message]:
        first = self._consumer.poll(0.2)
        return [] if first is None else [first, *self._consumer.consume(FETCH_LIMIT, 0)]

    async def assign_since(self, partitions: Iterable[int], since_ms: int) -> None:
        """Chooses the partitions, and in each the first record whose timestamp is not before `since_ms`."""
        wanted = [TopicPartition(self.topic, partition, since_ms) for partition in partitions]
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, self._consumer.offsets_for_times, wanted, 10)
        ends = {
            p.partition: self.end_offsets({p.partition: 0})[p.partition][1] for p in found if p.offset < 0
        }
        await self.assign({p.partition: ends.get(p.partition, p.offset) for p in found})

    def end_offsets(self, partitions: Mapping[int, int] | None = None) -> dict[int, tuple[int, int]]:
        """The first and one past the last offset of each partition (of those assigned, unless given)."""
        chosen = self.positions if partitions is None else partitions
        return {
            p: self._consumer.get_watermark_offsets(TopicPartition(self.topic, p), timeout=10) for p in chosen
        }

    def _known_ends(self) -> dict[int, int]:
        """One past the last offset of each partition; of none if Kafka is away, which then is waited for."""
        try:
            return {partition: end for partition, (_, end) in self.end_offsets().items()}
        except KafkaException:
            return {}

    def close(self) -> None:
        """Stops reading."""
        self._thread.shutdown(wait=True)
        self._consumer.close()


async def read_topic(settings: Settings, base: str, partitions: Iterable[int], take: Handler) -> None:
    """Hands over every record of some partitions of a topic as it is now, in order within each."""
    with closing(Follower(settings, full_name(settings, base))) as follower:
        await follower.assign(dict.fromkeys(partitions, -1))
        await follower.read_to_end(take)


async def read_all(settings: Settings, base: str) -> list[Record]:
    """Every record of a topic as it is now, in order within each partition."""
    records: list[Record] = []
    await read_topic(settings, base, range(table(settings)[base].partitions), records.append)
    return records
