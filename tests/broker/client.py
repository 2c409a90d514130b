"""A client that knows only Kafka and the contract: bare confluent_kafka, plain JSON, no code of Freshet."""

import json
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition

PARTITIONS = {"media": 4, "queries": 4, "items": 4, "embeddings": 4, "dead-letters": 1}
"""By the contract; all other topics have 12."""
LIMIT_S = 30.0


class Client:
    """Writes messages one by one and remembers everything it has read."""

    def __init__(self, kafka: str, prefix: str) -> None:
        self.kafka = kafka
        self.prefix = prefix
        self._producer = Producer(
            {"bootstrap.servers": kafka, "partitioner": "murmur2_random", "message.max.bytes": 20 * 2**20}
        )
        self._consumers: dict[str, Consumer] = {}
        self._read: dict[str, list[Message]] = {}

    def send(
        self,
        topic: str,
        value: Any,  # noqa: ANN401  # any JSON; bytes and None are written as they are
        key: str | bytes | None = None,
        partition: int = -1,
        headers: dict[str, bytes] | None = None,
    ) -> tuple[int, int]:
        """Writes a message and returns the partition and offset that Kafka gave it.

        Raises:
            ValueError: Kafka refused it; the message is the reason.
        """
        data = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        reports: list[tuple[Any, Message]] = []
        self._producer.produce(
            self.prefix + topic, data, key, partition, headers=None if headers is None else dict(headers),
            on_delivery=lambda error, message: reports.append((error, message)),
        )  # fmt: skip
        assert self._producer.flush(LIMIT_S) == 0
        ((error, message),) = reports
        if error is not None:
            raise ValueError(error.name())
        return int(message.partition() or 0), int(message.offset() or 0)

    def read(self, topic: str, pause_s: float = 0.05) -> list[Message]:
        """Everything that is known of a topic, after one more look at it."""
        if topic not in self._consumers:
            consumer = Consumer(
                {"bootstrap.servers": self.kafka, "group.id": "client", "enable.auto.commit": False}
            )
            count = PARTITIONS.get(topic, 12)
            consumer.assign([TopicPartition(self.prefix + topic, p, OFFSET_BEGINNING) for p in range(count)])
            self._consumers[topic], self._read[topic] = consumer, []
        found = self._consumers[topic].consume(1_000, pause_s)
        self._read[topic] += [message for message in found if message.error() is None]
        return self._read[topic]

    def read_to_end(self, topic: str) -> list[Message]:
        """Everything that a topic has now."""
        self.read(topic, 0)
        consumer, messages = self._consumers[topic], self._read[topic]
        end = sum(
            consumer.get_watermark_offsets(place, timeout=LIMIT_S)[1] for place in consumer.assignment()
        )
        deadline_s = time.monotonic() + LIMIT_S
        while len(messages) < end:
            self.read(topic)
            assert time.monotonic() < deadline_s, f"{topic}: {len(messages)} of {end} messages"
        return messages

    def wait(self, topic: str, wanted: Callable[[Message], bool], limit_s: float = LIMIT_S) -> Message:
        """The first message of a topic that is wanted."""
        deadline_s = time.monotonic() + limit_s
        looked = 0
        while True:
            messages = self.read(topic)
            for message in messages[looked:]:
                if wanted(message):
                    return message
            looked = len(messages)
            assert time.monotonic() < deadline_s, (
                f"not in {topic} within {limit_s} s, among {looked} messages"
            )

    def list_after(self, user_id: str, place: tuple[int, int]) -> dict[str, Any]:
        """The first list of the user that knows the event at this place."""

        def knows(message: Message) -> bool:
            through = value_of(message)["through"]
            return message.key() == user_id.encode() and (through["partition"], through["offset"]) >= place

        return value_of(self.wait("recommendations", knows))

    def list_until(
        self,
        event: Callable[[int], dict[str, Any]],
        wanted: Callable[[list[str]], bool],
        limit_s: float = LIMIT_S,
    ) -> dict[str, Any]:
        """The first list as wanted, of those made for a row of events."""
        deadline_s = time.monotonic() + limit_s
        for number in range(100_000):
            made = event(number)
            place = self.send("interactions", made, made["user_id"])
            found = self.list_after(made["user_id"], place)
            if wanted(ids(found)):
                return found
            assert time.monotonic() < deadline_s, (
                f"no list as wanted within {limit_s} s, the last: {ids(found)}"
            )
        raise AssertionError

    def close(self) -> None:
        for consumer in self._consumers.values():
            consumer.close()


def value_of(message: Message) -> dict[str, Any]:
    """A message's JSON object; empty for a tombstone."""
    value: dict[str, Any] = json.loads(message.value() or b"{}")
    return value


def ids(found: dict[str, Any]) -> list[str]:
    return [item["item_id"] for item in found["items"]]
