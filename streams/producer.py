"""Producing in bulk: many messages, acknowledged together.

librdkafka makes a request of each partition's messages: with a dozen partitions and two topics, two dozen requests for
a batch of events, which cost the broker and this process more than the messages do. aiokafka puts all that goes to one
broker into one request.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from msgspec import Struct

from streams import metrics
from streams.codecs import pack_fast
from streams.kafka import access_denied, asyncio_config
from streams.logs import Content
from streams.settings import Settings
from streams.topics import partition_of

logger = logging.getLogger(__name__)

BATCH_BYTES = 512 * 1024
"""Messages of one partition that are packed together; a larger one is packed alone. No topic takes less."""
AGAIN_S = 0.2
"""Between two attempts to deliver."""
DENIED = (TopicAuthorizationFailedError, ClusterAuthorizationFailedError)
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class Outgoing(Struct):
    """One message to produce; without a partition, the key's home (murmur2) is chosen, without a key any."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = -1
    timestamp_ms: int = 0
    headers: list[tuple[str, bytes]] | list[tuple[str, bytes | None]] | None = None


class NotDeliveredError(ConnectionError):
    """Kafka did not take every message; the same messages may be produced again."""


class _Pack(Struct):
    """Messages of one partition, and the form that they are sent in."""

    topic: str
    partition: int
    batch: BatchBuilder
    messages: list[Outgoing]

    def add(self, message: Outgoing) -> bool:
        """Whether there was room for one more."""
        m = message
        added = self.batch.append(
            timestamp=m.timestamp_ms or None, key=m.key, value=m.value, headers=m.headers or []
        )
        if added is not None:
            self.messages.append(message)
        return added is not None


class BatchProducer:
    """An idempotent producer: order is kept per partition, acknowledged means kept by all replicas.

    For use within one event loop. While Kafka is away it goes on trying.
    """

    def __init__(self, settings: Settings, check: Callable[[], None] = lambda: None) -> None:
        """A producer that is not connected yet.

        Args:
            settings: Where Kafka is.
            check: Called before every request, also one that is made again; ends the process if it may no longer
                write.
        """
        pack_fast()
        self._settings = settings
        self._check = check
        self._client: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        self._waiting_count = 0

    async def send(self, messages: Iterable[Outgoing]) -> None:
        """Produces the messages, in order within each partition, and returns when all are acknowledged.

        One that is larger than Kafka takes is given up, logged and counted.

        Raises:
            NotDeliveredError: At least one was refused; sending all again is right.
            AccessDeniedError: This client may not write there.
        """
        left, together = list(messages), True
        while left:
            client = await self._connected()
            left = await self._acknowledged(client, await self._packed(client, left, together))
            together = False

    async def deliver(self, messages: Iterable[Outgoing], check: Callable[[], None]) -> None:
        """Produces until everything is acknowledged, however long Kafka is away.

        Args:
            messages: As for `send`; they may arrive twice.
            check: Called before every message and every attempt, since the process may stand still meanwhile; ends it
                if it may no longer write.
        """
        made: list[Outgoing] = []
        for message in messages:
            check()
            made.append(message)
        while True:
            check()
            try:
                await self.send(made)
            except NotDeliveredError as exc:
                logger.warning("%d messages not acknowledged, trying again: %s", len(made), exc)
                await asyncio.sleep(AGAIN_S)
            else:
                return

    def waiting(self) -> int:
        """Messages that are not acknowledged yet."""
        return self._waiting_count

    async def close(self, timeout_s: float = 5.0) -> None:
        """Waits for what is under way, at most `timeout_s`."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(client.stop(), timeout_s)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._client is None:
                client = AIOKafkaProducer(
                    **asyncio_config(self._settings),
                    acks="all",
                    enable_idempotence=True,
                    compression_type="lz4",
                    max_batch_size=BATCH_BYTES,
                    request_timeout_ms=int(self._settings.session_timeout_s * 500),
                )
                _guard(client, self._check)
                try:
                    await client.start()
                except KafkaError as exc:
                    await client.stop()
                    raise self._failure(exc, "") from exc
                self._client = client
            return self._client

    async def _packed(
        self, client: AIOKafkaProducer, messages: Iterable[Outgoing], together: bool
    ) -> list[_Pack]:
        """The messages by partition, each partition's in their order: as many in a pack as fit, or each alone."""
        packs: list[_Pack] = []
        newest: dict[tuple[str, int], _Pack] = {}
        for message in messages:
            partition = message.partition
            if partition < 0:
                partition = await self._home(client, message)
            place = message.topic, partition
            pack = newest.get(place) if together else None
            if pack is None or not pack.add(message):
                pack = newest[place] = _Pack(*place, client.create_batch(), [])
                pack.add(message)
                packs.append(pack)
        return packs

    async def _home(self, client: AIOKafkaProducer, message: Outgoing) -> int:
        try:
            count = len(await client.partitions_for(message.topic))
        except KafkaError as exc:
            raise self._failure(exc, message.topic) from exc
        return random.randrange(count) if message.key is None else partition_of(message.key, count)

    async def _acknowledged(self, client: AIOKafkaProducer, packs: list[_Pack]) -> list[Outgoing]:
        """Sends the packs and waits; returns the messages of those that are larger than Kafka takes.

        One that is too large alone is given up.
        """
        waiting_count = sum(len(pack.messages) for pack in packs)
        self._waiting_count += waiting_count
        try:
            outcomes = await _outcomes(client, packs)
        finally:
            self._waiting_count -= waiting_count
        failed = [(pack, out) for pack, out in zip(packs, outcomes, strict=False) if out is not None]
        if failed:
            # A partition that has refused a pack takes no later one of the same client: its number would be missing.
            self._leave(client)
        for pack, out in failed:
            if not isinstance(out, TOO_LARGE):
                raise self._failure(out, pack.topic) from out
        left: list[Outgoing] = []
        for pack, _ in failed:
            if len(pack.messages) == 1:
                _give_up(pack.messages[0])
            else:
                left += pack.messages
        return left

    def _failure(self, exc: BaseException, topic: str) -> BaseException:
        """What it means for whoever sends that Kafka did not take something."""
        if isinstance(exc, DENIED):
            return access_denied(self._settings, f"write to topic {topic}")
        return NotDeliveredError(f"{topic}: {exc}") if isinstance(exc, KafkaError) else exc

    def _leave(self, client: AIOKafkaProducer) -> None:
        """Whoever sends next has a new client; this one ends when all that others sent by it is through."""
        task = asyncio.create_task(client.stop())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        if self._client is client:
            self._client = None


def _guard(client: AIOKafkaProducer, check: Callable[[], None]) -> None:
    """Has the client check before every request, and try again where its connection is lost just then.

    What waits or is tried again may be from before the process was frozen.
    """
    send = client.client.send

    async def checked(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # as it is
        check()
        try:
            return await send(*arguments, **options)
        except RuntimeError as exc:
            # uvloop's, where the connection has been lost since it was chosen. Of what is no error of Kafka's the
            # client's sender dies, and every message with it.
            raise KafkaConnectionError(str(exc)) from exc

    client.client.send = checked


async def _outcomes(client: AIOKafkaProducer, packs: list[_Pack]) -> list[BaseException | None]:
    """What became of each pack, None if it was acknowledged; of fewer if one could not even be sent."""
    futures: list[asyncio.Future[object]] = []
    unsent: list[BaseException] = []
    try:
        # One after the other: each partition's packs go out in their order.
        for pack in packs:
            futures.append(await client.send_batch(pack.batch, pack.topic, partition=pack.partition))
    except KafkaError as exc:
        unsent = [exc]
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    return [out if isinstance(out, BaseException) else None for out in [*outcomes, *unsent]]


def _give_up(message: Outgoing) -> None:
    """What no attempt can deliver must not hold the others up for ever."""
    metrics.TOO_LARGE.labels(topic=message.topic).inc()
    size = len(message.value or b"")
    logger.error("%s: a message of %d bytes is too large, key %s", message.topic, size, Content(message.key))
