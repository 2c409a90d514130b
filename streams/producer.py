"""Producing in bulk: many messages, one future that resolves when Kafka has acknowledged all of them."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from msgspec import Struct

from streams import metrics
from streams.kafka import AccessDeniedError, client_config, denial
from streams.logs import Content
from streams.settings import Settings

logger = logging.getLogger(__name__)


class Outgoing(Struct):
    """One message to produce; without a partition, the key's home (murmur2) is chosen."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = -1
    timestamp_ms: int = 0
    headers: list[tuple[str, bytes]] | list[tuple[str, bytes | None]] | None = None


class NotDeliveredError(ConnectionError):
    """Kafka did not acknowledge every message in time; the same messages may be produced again."""


class _Batch:
    """Counts acknowledgements down, mostly in the producer's thread, and wakes the loop once, after `close`."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._left = 1
        self._counting = threading.Lock()
        self._error: NotDeliveredError | AccessDeniedError | None = None
        self._loop = loop
        self.future: asyncio.Future[None] = loop.create_future()

    def expect(self) -> None:
        """One more message is about to be produced."""
        with self._counting:
            self._left += 1

    def close(self) -> None:
        """No more messages come."""
        self._count(None)

    def on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            self.on_too_large(message.topic(), message.key(), len(message))
        else:
            self._count(None if error is None else self.failure(error, message.topic()))

    def failure(self, error: KafkaError, topic: str | None) -> NotDeliveredError | AccessDeniedError:
        """What it means for whoever sends that Kafka did not take a message."""
        return denial(self._settings, error, f"write to topic {topic}") or NotDeliveredError(error.str())

    def on_too_large(self, topic: str | None, key: bytes | None, size_bytes: int) -> None:
        """Gives a message up that no attempt can deliver, so that the others are not held up for ever."""
        metrics.TOO_LARGE.labels(topic=topic).inc()
        logger.error("%s: a message of %d bytes is too large, key %s", topic, size_bytes, Content(key))
        self._count(None)

    def _count(self, error: NotDeliveredError | AccessDeniedError | None) -> None:
        with self._counting:
            self._error = error or self._error
            self._left -= 1
            done = self._left == 0
        if done:
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if self.future.done():
            return
        if self._error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(self._error)


def _noting(
    messages: Iterable[Outgoing], made: list[Outgoing], check: Callable[[], None]
) -> Iterator[Outgoing]:
    """The messages as they are made, noted for another attempt, and each checked before it goes out."""
    for message in messages:
        check()
        made.append(message)
        yield message


class BatchProducer:
    """An idempotent producer: order is kept per partition, acknowledged means kept by all replicas."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = Producer(
            client_config(settings)
            | {
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 1,
                "compression.type": "lz4",
                "message.max.bytes": 17 * 1024 * 1024,
                # A frozen worker's queued messages expire before its successor has taken over.
                "message.timeout.ms": int(settings.session_timeout_s * 500),
                "queue.buffering.max.kbytes": 131_072,
            }
        )
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="producer", daemon=True)
        self._thread.start()

    def _poll(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(0.1)

    async def send(self, messages: Iterable[Outgoing]) -> None:
        """Produces the messages in order and returns when all are acknowledged.

        Each is on its way while the next one is still made. One that is larger than Kafka takes is given up, logged
        and counted.

        Raises:
            NotDeliveredError: At least one was not acknowledged; sending all again is right.
            AccessDeniedError: This client may not write there.
        """
        batch = _Batch(self._settings, asyncio.get_running_loop())
        produce = self._producer.produce
        for m in messages:
            batch.expect()
            options: dict[str, Any] = {"on_delivery": batch.on_delivery}
            if m.partition >= 0:
                options["partition"] = m.partition
            if m.timestamp_ms:
                options["timestamp"] = m.timestamp_ms
            if m.headers:
                options["headers"] = m.headers
            while True:
                try:
                    produce(m.topic, value=m.value, key=m.key, **options)
                    break
                except BufferError:
                    await asyncio.sleep(0.005)
                except KafkaException as exc:
                    if exc.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                        raise (
                            denial(self._settings, exc.args[0], f"write to topic {m.topic}") or exc
                        ) from None
                    batch.on_too_large(m.topic, m.key, len(m.value or b""))
                    break
        batch.close()
        await batch.future

    async def deliver(self, messages: Iterable[Outgoing], check: Callable[[], None]) -> None:
        """Produces until everything is acknowledged, however long Kafka is away.

        Args:
            messages: As for `send`; they may arrive twice.
            check: Called before every message, since the process may stand still while they are made; ends it if it
                may no longer write.
        """
        made: list[Outgoing] = []
        coming = _noting(messages, made, check)
        while True:
            try:
                await self.send(coming)
            except NotDeliveredError as exc:
                logger.warning("%d messages not acknowledged, trying again: %s", len(made), exc)
                await asyncio.sleep(0.2)
                coming = _noting(made, [], check)
            else:
                return

    def waiting(self) -> int:
        """Messages that are not acknowledged yet."""
        return len(self._producer)

    def close(self, timeout_s: float = 5.0) -> None:
        """Waits for what is under way, at most `timeout_s`."""
        self._producer.flush(timeout_s)
        self._closing.set()
        self._thread.join(1.0)
