import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
import uvloop
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams import metrics
from streams.kafka import AccessDeniedError
from streams.producer import BATCH_BYTES, BatchProducer, NotDeliveredError, Outgoing
from streams.settings import Settings
from streams.topics import home_partition

LZ4 = 3
PARTITIONS = 12


class Sent(NamedTuple):
    """A message as Kafka would have it."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


class Cluster:
    """What every pack's outcome is: acknowledged (None) once what was prepared has run out."""

    def __init__(self) -> None:
        self.outcomes: deque[KafkaError | None] = deque()
        self.starts: deque[KafkaError] = deque()
        self.packs: list[list[Sent]] = []
        self.clients: list[Client] = []

    @property
    def sent(self) -> list[Sent]:
        return [message for pack in self.packs for message in pack]


class Client:
    """An aiokafka producer; the packs are its own."""

    def __init__(self, cluster: Cluster, **config: Any) -> None:  # noqa: ANN401  # as aiokafka's
        self._cluster = cluster
        self.client = self
        """Of requests."""
        self.config = config
        self.stopped = False
        cluster.clients.append(self)

    async def start(self) -> None:
        if self._cluster.starts:
            raise self._cluster.starts.popleft()

    async def send(self, node: int, request: str, *, group: str) -> str:
        return f"{request} to {node} in {group}"

    async def stop(self) -> None:
        self.stopped = True

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(self.config["max_batch_size"], LZ4)

    async def partitions_for(self, _topic: str) -> set[int]:
        return set(range(PARTITIONS))

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> Awaitable[None]:
        assert not self.stopped
        records = MemoryRecords(bytes(batch._build()))
        pack = [
            Sent(topic, partition, r.key, r.value, r.timestamp, tuple(r.headers))
            for r in records.next_batch()
        ]
        self._cluster.packs.append(pack)
        outcome = self._cluster.outcomes.popleft() if self._cluster.outcomes else None
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if outcome is None:
            future.set_result(None)
        else:
            future.set_exception(outcome)
        return future


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setattr("streams.producer.AIOKafkaProducer", lambda **config: Client(made, **config))
    monkeypatch.setattr("streams.producer.AGAIN_S", 0.0)
    return made


def with_producer(work: Callable[[BatchProducer], Awaitable[None]]) -> None:
    async def story() -> None:
        producer = BatchProducer(Settings(kafka="nowhere:1"))
        try:
            await asyncio.wait_for(work(producer), 20)
            assert producer.waiting() == 0
        finally:
            await producer.close()

    asyncio.run(story())


def deliver(messages: Iterable[Outgoing], check: Callable[[], None] = lambda: None) -> None:
    with_producer(lambda producer: producer.deliver(messages, check))


def send(*messages: Outgoing) -> None:
    with_producer(lambda producer: producer.send(messages))


def message(key: bytes, topic: str = "t", partition: int = 0, value: bytes = b"1") -> Outgoing:
    return Outgoing(topic, key, value, partition)


def keys(cluster: Cluster) -> list[bytes | None]:
    return [sent.key for sent in cluster.sent]


def test_what_is_given_is_what_is_produced(cluster: Cluster) -> None:
    send(Outgoing("t", b"k", b"v", 3, 99, [("h", b"1")]), Outgoing("t", b"gone", None, 3, 100))
    assert cluster.packs == [[Sent("t", 3, b"k", b"v", 99, (("h", b"1"),)), Sent("t", 3, b"gone", None, 100)]]


def test_order_is_kept_within_a_partition_and_each_has_one_pack(cluster: Cluster) -> None:
    send(*(message(b"%d" % n, partition=n % 2, topic="tu"[n % 3 == 0]) for n in range(12)))
    assert [[int(sent.key or b"") for sent in pack] for pack in cluster.packs] == [
        [0, 6], [1, 5, 7, 11], [2, 4, 8, 10], [3, 9]
    ]  # fmt: skip


def test_what_is_too_much_for_one_pack_goes_out_in_several_in_order(cluster: Cluster) -> None:
    value = bytes(BATCH_BYTES // 3)
    send(*(message(b"%d" % n, value=value) for n in range(5)), message(b"large", value=value * 4))
    assert keys(cluster) == [b"0", b"1", b"2", b"3", b"4", b"large"]
    assert [len(pack) for pack in cluster.packs] == [2, 2, 1, 1]


def test_without_a_partition_the_keys_home_is_chosen_and_without_a_key_any(cluster: Cluster) -> None:
    send(*(Outgoing("t", b"user-1", b"v") for _ in range(3)), *(Outgoing("t", None, b"v") for _ in range(99)))
    assert {sent.partition for sent in cluster.sent if sent.key} == {home_partition("user-1", PARTITIONS)}
    assert len({sent.partition for sent in cluster.sent if sent.key is None}) > 3


def test_one_that_is_refused_fails_all(cluster: Cluster) -> None:
    cluster.outcomes.extend([None, UnknownTopicOrPartitionError(), None])
    with pytest.raises(NotDeliveredError, match="UnknownTopicOrPartition"):
        send(*(message(b"k", partition=n) for n in range(3)))


def test_a_cluster_that_is_not_there_is_waited_for(cluster: Cluster) -> None:
    cluster.starts.extend([KafkaConnectionError(), KafkaConnectionError()])
    deliver([message(b"a")])
    assert keys(cluster) == [b"a"]
    assert [client.stopped for client in cluster.clients[:2]] == [True, True]


def test_all_are_produced_again_until_acknowledged_each_attempt_checked(cluster: Cluster) -> None:
    cluster.outcomes.extend([None, OutOfOrderSequenceNumber(), OutOfOrderSequenceNumber()])
    checks: list[int] = []
    messages = [message(b"a", partition=1), message(b"b", partition=2)]
    deliver(messages, lambda: checks.append(len(cluster.sent)))
    assert checks == [0, 0, 0, 2, 4]
    assert keys(cluster) == [b"a", b"b"] * 3


def test_a_client_that_was_refused_something_is_not_used_again(cluster: Cluster) -> None:
    async def work(producer: BatchProducer) -> None:
        await producer.send([message(b"a")])
        cluster.outcomes.append(OutOfOrderSequenceNumber())
        with pytest.raises(NotDeliveredError):
            await producer.send([message(b"b")])
        await producer.send([message(b"b")])
        # It is left beside the work.
        while not cluster.clients[0].stopped:
            await asyncio.sleep(0)
        assert [client.stopped for client in cluster.clients] == [True, False]

    with_producer(work)


def test_a_process_that_may_no_longer_write_writes_nothing(cluster: Cluster) -> None:
    def leave() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        deliver([message(b"a")], leave)
    assert cluster.sent == []


def test_a_process_that_stood_still_while_it_made_messages_writes_none_of_them(cluster: Cluster) -> None:
    frozen = False

    def made() -> Iterator[Outgoing]:
        nonlocal frozen
        yield message(b"a")
        frozen = True
        yield message(b"b")

    def check() -> None:
        if frozen:
            raise PermissionError

    with pytest.raises(PermissionError):
        deliver(made(), check)
    assert cluster.sent == []


def test_every_request_is_checked_also_one_that_the_client_makes_again(cluster: Cluster) -> None:
    frozen = False

    def check() -> None:
        if frozen:
            raise PermissionError

    async def story() -> None:
        nonlocal frozen
        producer = BatchProducer(Settings(kafka="nowhere:1"), check)
        await producer.send([message(b"a")])
        client = cluster.clients[0]
        assert await client.send(1, "request", group="g") == "request to 1 in g"
        frozen = True
        with pytest.raises(PermissionError):
            await client.send(1, "request", group="g")

    asyncio.run(story())


def test_a_connection_that_is_lost_before_a_request_is_an_error_of_kafka(cluster: Cluster) -> None:
    async def story() -> None:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.transport.abort()
        await asyncio.sleep(0.05)

        async def write(node: int, request: str, *, group: str) -> None:
            writer.write(f"{request} to {node} in {group}".encode())

        producer = BatchProducer(Settings(kafka="nowhere:1"), lambda: None)
        with patch.object(Client, "send", lambda _client, *args, **options: write(*args, **options)):
            await producer.send([message(b"a")])
            with pytest.raises(KafkaConnectionError, match="closed"):
                await cluster.clients[0].send(1, "request", group="g")
        server.close()

    uvloop.run(story())


def test_nothing_to_deliver_is_delivered_at_once(cluster: Cluster) -> None:
    deliver([])
    assert cluster.sent == []


def test_a_message_that_is_too_large_is_given_up_and_the_others_arrive(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    given_up = metrics.TOO_LARGE.labels(topic="t")._value.get()
    # The pack, and of its messages the one in the middle.
    cluster.outcomes.extend([MessageSizeTooLargeError(), None, MessageSizeTooLargeError(), None])
    with caplog.at_level(logging.ERROR):
        deliver([message(key, value=b"12345") for key in (b"a", b"b", b"c")])
    assert keys(cluster) == [b"a", b"b", b"c"] * 2
    said = [record.message for record in caplog.records if record.name == "streams.producer"]
    assert said == ["t: a message of 5 bytes is too large, key (see FRESHET_LOG_CONTENT)"]
    assert metrics.TOO_LARGE.labels(topic="t")._value.get() == given_up + 1


def test_what_this_client_may_not_write_is_not_tried_again(cluster: Cluster) -> None:
    cluster.outcomes.append(TopicAuthorizationFailedError("t"))
    with pytest.raises(
        AccessDeniedError, match=r"^User:ANONYMOUS may not write to topic t; `freshet topics acls`"
    ):
        deliver([message(b"a")])
