"""Kafka in memory, as far as the workers look at it: logs, a producer, a follower, and a group's offsets."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest.mock import patch

from aiokafka import ConsumerRecord
from confluent_kafka import TopicPartition

from streams.follower import Handler, LogGapError, Record
from streams.producer import Outgoing
from streams.runs import Run
from streams.settings import Settings
from streams.topics import home_partition, table
from tests.streams.records import TIMESTAMP_MS

Log = list[ConsumerRecord[bytes, bytes]]
FOLLOWED_IN = (
    "stores.users",
    "stores.lists",
    "stores.documents",
    "model_to_lists",
    "examples_to_model",
    "item_vectors",
    "embeddings_to_search",
)
"""Modules of `streams` that read partitions by themselves."""
NAMED_IN = ("model_to_lists", "examples_to_model", "identity")
"""Modules of `streams` that ask for the ids of topics."""


class Crash(Exception):
    """The process ends here."""


class MemoryKafka:
    """The logs of every topic of one deployment."""

    def __init__(self, settings: Settings) -> None:
        self.partitions = {name: topic.partitions for name, topic in table(settings).items()}
        self.logs: dict[tuple[str, int], Log] = defaultdict(list)
        self.starts: dict[tuple[str, int], int] = defaultdict(int)
        """First offset that retention has left."""
        self.now_ms = TIMESTAMP_MS
        self.committed: dict[tuple[str, int], int] = {}
        """What the group of recommend workers is said to have committed, by topic and partition."""

    def append(self, message: Outgoing) -> ConsumerRecord[bytes, bytes]:
        """Writes one message where the real producer would."""
        partition = message.partition
        if partition < 0:
            # Without a key any partition will do.
            key = message.key
            partition = 0 if key is None else home_partition(key.decode(), self.partitions[message.topic])
        assert partition < self.partitions[message.topic]
        log = self.logs[message.topic, partition]
        record: ConsumerRecord[bytes, bytes] = ConsumerRecord(
            message.topic, partition, len(log), message.timestamp_ms or self.now_ms, 0, message.key,
            message.value, None, 0, 0, tuple(message.headers or ()),
        )  # fmt: skip
        log.append(record)
        return record

    def records(self, topic: str) -> Log:
        """Every record of a topic, in order per partition."""
        return [r for p in range(self.partitions[topic]) for r in self.logs[topic, p]]

    def newest(self, topic: str) -> dict[str, bytes]:
        """What compaction would leave: the newest value of every key, without tombstones."""
        values = {r.key.decode(): r.value for r in self.records(topic) if r.key is not None}
        return {key: value for key, value in values.items() if value is not None}

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Everything of `streams` that reads Kafka reads this, while the block runs."""
        with ExitStack() as stack:
            for module in FOLLOWED_IN:
                stack.enter_context(patch(f"streams.{module}.Follower", partial(MemoryFollower, self)))
            for module in NAMED_IN:
                stack.enter_context(patch(f"streams.{module}.topic_ids", _topic_ids))
            stack.enter_context(patch("streams.erasures_to_receipts.end_offsets", self._ends))
            stack.enter_context(patch("streams.erasures_to_receipts.committed_offsets", self._committed))
            stack.enter_context(patch("streams.receipts.held_until", _held_until))
            yield

    def _ends(self, _admin: object, topic: str, partitions: Iterable[int]) -> dict[int, int]:
        return {p: len(self.logs[topic, p]) for p in partitions}

    def _committed(
        self, _settings: Settings, _role: str, places: Iterable[TopicPartition]
    ) -> dict[tuple[str, int], int]:
        return {(p.topic, p.partition): self.committed.get((p.topic, p.partition), -1001) for p in places}


def _held_until(_admin: object, settings: Settings, now_ms: int) -> dict[str, int | None]:
    return {name: now_ms + row.retention_ms for name, row in table(settings).items() if row.names_users}


def _topic_ids(_admin: object, names: Sequence[str]) -> dict[str, str]:
    return {name: f"id-of-{name}" for name in names}


class MemoryProducer:
    """As BatchProducer; writes to the logs until its process crashes.

    Args:
        kafka: Where to write.
        crash_after: Messages that are still written before the process ends; None: it never ends.
    """

    def __init__(self, kafka: MemoryKafka, crash_after: int | None = None) -> None:
        self._kafka = kafka
        self._left = crash_after
        self.delivered: list[list[Outgoing]] = []

    async def deliver(self, messages: Iterable[Outgoing], check: Callable[[], None]) -> None:
        """Writes in order; returns when all are written."""
        check()
        written: list[Outgoing] = []
        self.delivered.append(written)
        for message in messages:
            if self._left == 0:
                raise Crash
            self._left = None if self._left is None else self._left - 1
            self._kafka.append(message)
            written.append(message)
        # As with the real one, others have their turn before the acknowledgement is seen.
        await asyncio.sleep(0)


class MemoryFollower:
    """As Follower."""

    def __init__(
        self,
        kafka: MemoryKafka,
        _settings: Settings,
        topic: str,
        gaps: str = "earliest",
        gathers: bool = False,
    ) -> None:
        self.topic = topic
        self._kafka = kafka
        self._gaps = gaps
        self.positions: dict[int, int] = {}
        self.closed = False

    async def assign(self, positions: Mapping[int, int]) -> None:
        """Chooses the partitions and where to go on in each; a negative offset is the beginning."""
        self.positions = {p: o if o >= 0 else self._kafka.starts[self.topic, p] for p, o in positions.items()}

    async def read_to_end(self, handle: Handler) -> None:
        """Handles everything up to each partition's end as it is now."""
        ends = {p: len(self._kafka.logs[self.topic, p]) for p in self.positions}
        for partition, end in ends.items():
            self._take(handle, partition, end)

    async def follow(self, handle: Handler) -> None:
        """Handles what comes, for ever."""
        while True:
            for partition in list(self.positions):
                self._take(handle, partition, len(self._kafka.logs[self.topic, partition]))
            await asyncio.sleep(0)

    def _take(self, handle: Handler, partition: int, end: int) -> None:
        start = self._kafka.starts[self.topic, partition]
        if self.positions[partition] < start:
            if self._gaps == "error":
                msg = f"{self.topic}: what comes after {self.positions} is no longer in the log"
                raise LogGapError(msg)
            self.positions[partition] = start
        while self.positions[partition] < end:
            r = self._kafka.logs[self.topic, partition][self.positions[partition]]
            handle(Record(partition, r.offset, r.key or b"", r.value, r.timestamp, dict(r.headers)))
            self.positions[partition] += 1

    def close(self) -> None:
        """Stops reading."""
        self.closed = True


class Group:
    """A role's consumer group: what it has acknowledged of one topic, and what comes next."""

    def __init__(self, kafka: MemoryKafka, topic: str) -> None:
        self._kafka = kafka
        self.topic = topic
        self.committed = dict.fromkeys(range(kafka.partitions[topic]), 0)

    def fetch(self, limit: int) -> list[Run]:
        """The next runs, one of each partition that has any, of at most `limit` records."""
        runs = [self._kafka.logs[self.topic, p][o : o + limit] for p, o in self.committed.items()]
        return [Run(run) for run in runs if run]

    def ack(self, runs: Sequence[Run]) -> None:
        """Nothing of these runs is handed out again."""
        for run in runs:
            self.committed[run[-1].partition] = run[-1].offset + 1
