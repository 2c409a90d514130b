"""Sending many messages, as fast as Kafka takes them or at a rate, and waiting until it has them all."""

import time
from collections.abc import Callable

from confluent_kafka import KafkaError, Producer
from confluent_kafka import Message as Delivered

from streams.kafka import client_config, denial
from streams.loading.packing import Message
from streams.producer import NotDeliveredError
from streams.settings import Settings

DELIVERY_S = 60.0
"""How long a message may wait for its acknowledgement."""


class Pace:
    """Holds a loop to a rate; after a delay it catches up.

    Args:
        per_s: Turns per second; None: no limit.
        now: Seconds of a clock that never goes back.
        sleep: Waits for that many seconds.
    """

    def __init__(
        self,
        per_s: float | None,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_s = per_s
        self._now = now
        self._sleep = sleep
        self._start_s: float | None = None
        self._turns = 0

    def wait(self) -> None:
        """Returns when the next turn is due; the first is due at once."""
        if self._per_s is None:
            return
        if self._start_s is None:
            self._start_s = self._now()
        delay_s = self._start_s + self._turns / self._per_s - self._now()
        if delay_s > 0:
            self._sleep(delay_s)
        self._turns += 1


class Sender:
    """An idempotent producer for one topic, for use by one thread.

    Unlike `BatchProducer` it waits for acknowledgements once, at the end, and hears of failures only: that
    doubles what one core sends.
    """

    def __init__(
        self, settings: Settings, topic: str, max_message_bytes: int, delivery_s: float = DELIVERY_S
    ) -> None:
        self._topic = topic
        self._settings = settings
        self._failure: KafkaError | None = None
        self.message_count = 0
        self.event_count = 0
        self._producer = Producer(
            client_config(settings)
            | {
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 20,
                "message.max.bytes": max_message_bytes,
                "message.timeout.ms": int(delivery_s * 1000),
                "queue.buffering.max.kbytes": 65_536,
                "delivery.report.only.error": True,
                "on_delivery": self._on_delivery,
            }
        )

    def send(self, message: Message) -> None:
        """Queues a message; blocks while the queue is full.

        Raises:
            NotDeliveredError: An earlier message was given up.
            AccessDeniedError: This client may not write there.
        """
        while True:
            self._check()
            try:
                self._producer.produce(self._topic, message.value, message.key, message.partition)
                break
            except BufferError:
                self._producer.poll(0.1)
        self.message_count += 1
        self.event_count += message.event_count
        self._producer.poll(0)

    def finish(self) -> None:
        """Returns when Kafka has acknowledged every message.

        Raises:
            NotDeliveredError: A message was given up.
            AccessDeniedError: This client may not write there.
        """
        while self._producer.flush(0.2):
            self._check()
        self._check()

    def _on_delivery(self, error: KafkaError | None, _message: Delivered) -> None:
        self._failure = self._failure or error

    def _check(self) -> None:
        if self._failure is not None:
            self._producer.purge()
            if denied := denial(self._settings, self._failure, f"write to topic {self._topic}"):
                raise denied
            msg = (
                f"{self._topic}: Kafka did not acknowledge every message ({self._failure.str()}); "
                "produce the file again when it does: what has arrived counts once"
            )
            raise NotDeliveredError(msg)
