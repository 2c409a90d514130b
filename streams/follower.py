"""Reading partitions without a group: state that a worker loads at its start and then keeps up with."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition
from msgspec import Struct

from streams.kafka import client_config
from streams.settings import Settings

FETCH_LIMIT = 2_000
TURN_RECORDS = 50
"""Records handled before others have their turn in the loop."""


class Record(Struct):
    """One record of a topic."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None
    timestamp_ms: int
    headers: dict[str, bytes]


Handler = Callable[[list[Record]], None]


def _to_record(message: Message) -> Record:
    key, value = message.key(), message.value()
    headers = cast(list[tuple[str, bytes]], message.headers() or [])
    return Record(
        partition=int(message.partition() or 0),
        offset=int(message.offset() or 0),
        key=b"" if key is None else key,
        value=value,
        timestamp_ms=message.timestamp()[1],
        headers=dict(headers),
    )


class LogGapError(RuntimeError):
    """The position asked for is no longer in the log; the message says what was lost."""


class Follower:
    """Reads given partitions of one topic from given offsets on, in a thread of its own.

    Not for concurrent use: one coroutine at a time calls `read_to_end` or `follow`.
    """

    def __init__(
        self, settings: Settings, topic: str, gaps: Literal["error", "earliest"] = "earliest"
    ) -> None:
        """`gaps`: whether an offset that retention has removed is an error or means the earliest one."""
        self.topic = topic
        self._consumer = Consumer(
            client_config(settings)
            | {
                "group.id": "freshet-follower-without-commits",
                "enable.auto.commit": False,
                "auto.offset.reset": gaps,
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": 16_384,
                "fetch.wait.max.ms": 100,
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
        """Handles everything up to each partition's end as it is now."""
        waiting = set(self.positions)
        while waiting:
            async for records, ended in self._batches():
                waiting -= ended
                handle(records)
            await asyncio.sleep(0)

    async def follow(self, handle: Handler) -> None:
        """Handles what comes, for ever, a few records a turn."""
        while True:
            async for records, _ in self._batches():
                handle(records)

    async def _batches(self) -> AsyncIterator[tuple[list[Record], set[int]]]:
        """One poll: turns of records, each with the partitions whose end was met."""
        messages = await asyncio.get_running_loop().run_in_executor(self._thread, self._poll)
        records: list[Record] = []
        ended: set[int] = set()
        for message in messages:
            error = message.error()
            if error is None:
                record = _to_record(message)
                self.positions[record.partition] = record.offset + 1
                records.append(record)
                if len(records) >= TURN_RECORDS:
                    yield records, set()
                    records = []
                    await asyncio.sleep(0)
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add(int(message.partition() or 0))
            elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
                msg = f"{self.topic}: offset {self.positions} is no longer in the log: {error.str()}"
                raise LogGapError(msg)
            elif not error.retriable() and error.fatal():
                raise KafkaException(error)
        yield records, ended

    def _poll(self) -> list[Message]:
        first = self._consumer.poll(0.2)
        return [] if first is None else [first, *self._consumer.consume(FETCH_LIMIT, 0)]

    def end_offsets(self, partitions: Mapping[int, int] | None = None) -> dict[int, tuple[int, int]]:
        """The first and one past the last offset of each partition (of those assigned, unless given)."""
        chosen = self.positions if partitions is None else partitions
        return {
            p: self._consumer.get_watermark_offsets(TopicPartition(self.topic, p), timeout=10) for p in chosen
        }

    def close(self) -> None:
        """Stops reading."""
        self._thread.shutdown(wait=True)
        self._consumer.close()
