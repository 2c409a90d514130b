"""A compacted topic's newest record of each key: its place is remembered, the record is read when it is asked for."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator

from confluent_kafka import Consumer, TopicPartition

from streams.follower import Record, to_record
from streams.kafka import reader_config
from streams.settings import Settings
from streams.topics import full_name

READ_S = 5.0
ATTEMPTS = 20
"""Looks at a key whose record has just been replaced; each follows the one who reads the topic."""
PAUSE_S = 0.05
FETCH_BYTES = 65_536


class Newest:
    """The newest record of each key, some 200 bytes a key; a tombstone ends its key."""

    def __init__(self, read: Callable[[int, int], Record]) -> None:
        """`read`: the first record at a partition's offset or behind it. It is called in other threads."""
        self._places: dict[bytes, tuple[int, int]] = {}
        self._read = read

    def take(self, record: Record) -> None:
        """Takes the next record of its partition."""
        if record.value is None:
            self._places.pop(record.key, None)
        else:
            self._places[record.key] = (record.partition, record.offset)

    async def of(self, key: str) -> Record | None:
        """The record; None for a key that has none.

        Raises:
            TimeoutError: Kafka does not answer.
        """
        for _ in range(ATTEMPTS):
            place = self._places.get(key.encode())
            if place is None:
                return None
            record = await asyncio.to_thread(self._read, *place)
            if record.key == key.encode():
                return record
            # Compaction has removed it, since there is a newer one, which is about to be taken.
            await asyncio.sleep(PAUSE_S)
        msg = f"the record of {key!r} was replaced again and again while it was read"
        raise TimeoutError(msg)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class RecordReader:
    """Reads single records of a topic, by a connection of its own."""

    def __init__(self, settings: Settings, base: str) -> None:
        self._topic = full_name(settings, base)
        self._reading = threading.Lock()
        self._consumer = Consumer(
            reader_config(settings)
            | {
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
                # A record is fetched whatever its size; what lies behind it is of no interest.
                "fetch.message.max.bytes": FETCH_BYTES,
                "queued.min.messages": 1,
                # One record fills the queue: without this, the next reading would find it full, and wait a second.
                "fetch.queue.backoff.ms": 5,
            }
        )

    def connect(self) -> None:
        """Connects beforehand, so that the first reading does not wait for it.

        Raises:
            KafkaException: Kafka does not answer.
        """
        self._consumer.get_watermark_offsets(TopicPartition(self._topic, 0), timeout=READ_S)

    def read(self, partition: int, offset: int) -> Record:
        """The first record from there on; one thread at a time, others wait.

        Raises:
            TimeoutError: There is none, or Kafka does not answer.
        """
        with self._reading:
            self._consumer.assign([TopicPartition(self._topic, partition, offset)])
            deadline_s = time.monotonic() + READ_S
            while time.monotonic() < deadline_s:
                message = self._consumer.poll(0.1)
                if message is not None and message.error() is None:
                    self._consumer.unassign()
                    return to_record(message)
        msg = f"{self._topic}: partition {partition} was not read within {READ_S:g} s: does Kafka answer?"
        raise TimeoutError(msg)

    def close(self) -> None:
        """Stops."""
        self._consumer.close()
