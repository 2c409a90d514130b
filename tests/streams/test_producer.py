import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import metrics
from streams.kafka import AccessDeniedError
from streams.producer import BatchProducer, NotDeliveredError, Outgoing
from streams.settings import Settings


class Sent:
    """A message as librdkafka reports it."""

    def __init__(self, topic: str, key: bytes | None, value: bytes | None, options: dict[str, Any]) -> None:
        self._topic, self._key, self.value, self.options = topic, key, value, options

    def topic(self) -> str:
        return self._topic

    def key(self) -> bytes | None:
        return self._key

    def __len__(self) -> int:
        return len(self.value or b"")


Outcome = KafkaError | Exception | None


class FakeClient:
    """A librdkafka producer whose every message has a prepared outcome: delivered (None) once that has run out."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = deque(outcomes)
        self.sent: list[Sent] = []
        self.threads: set[int] = set()
        self._reports: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()

    def produce(self, topic: str, value: bytes | None, key: bytes | None, **options: Any) -> None:  # noqa: ANN401
        outcome = self.outcomes.popleft() if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        on_delivery = options.pop("on_delivery")
        message = Sent(topic, key, value, options)
        self.sent.append(message)
        with self._lock:
            self._reports.append(lambda: on_delivery(outcome, message))

    def poll(self, timeout_s: float) -> None:
        with self._lock:
            reports, self._reports = self._reports, deque()
        if not reports:
            threading.Event().wait(min(timeout_s, 0.001))
        self.threads.add(threading.get_ident())
        for report in reports:
            report()

    def flush(self, _timeout_s: float) -> int:
        return 0


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    made = FakeClient()
    monkeypatch.setattr("streams.producer.Producer", lambda _config: made)
    return made


def deliver(messages: Iterable[Outgoing], check: Callable[[], None] = lambda: None) -> None:
    producer = BatchProducer(Settings(kafka="nowhere:1"))
    try:
        asyncio.run(asyncio.wait_for(producer.deliver(messages, check), 20))
    finally:
        producer.close()


def send(messages: list[Outgoing]) -> None:
    producer = BatchProducer(Settings(kafka="nowhere:1"))
    try:
        asyncio.run(asyncio.wait_for(producer.send(messages), 20))
    finally:
        producer.close()


LOST = KafkaError(KafkaError._MSG_TIMED_OUT)
TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)


def test_what_is_given_is_what_is_produced_in_order(client: FakeClient) -> None:
    headers = [("h", b"1")]
    send([Outgoing("t", b"k", b"v", 3, 99, headers), Outgoing("t", None, None)])
    assert [(m.topic(), m.key(), m.value, m.options) for m in client.sent] == [
        ("t", b"k", b"v", {"partition": 3, "timestamp": 99, "headers": headers}),
        ("t", None, None, {}),
    ]
    assert threading.get_ident() not in client.threads


def test_one_that_is_not_acknowledged_fails_all(client: FakeClient) -> None:
    client.outcomes.extend([None, LOST, None])
    with pytest.raises(NotDeliveredError, match="timed out"):
        send([Outgoing("t", b"k", b"v")] * 3)


def test_all_are_produced_again_until_acknowledged_each_checked_before_it_goes_out(
    client: FakeClient,
) -> None:
    client.outcomes.extend([None, LOST, LOST, None])
    checks: list[int] = []
    deliver([Outgoing("t", b"a", b"1"), Outgoing("t", b"b", b"2")], lambda: checks.append(len(client.sent)))
    assert checks == [0, 1, 2, 3, 4, 5]
    assert [m.key() for m in client.sent] == [b"a", b"b"] * 3


def test_a_process_that_may_no_longer_write_writes_nothing(client: FakeClient) -> None:
    def leave() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        deliver([Outgoing("t", b"a", b"1")], leave)
    assert client.sent == []


def test_a_process_that_stood_still_while_it_made_messages_writes_no_more_of_them(client: FakeClient) -> None:
    frozen = False

    def made() -> Iterator[Outgoing]:
        nonlocal frozen
        yield Outgoing("t", b"a", b"1")
        frozen = True
        yield Outgoing("t", b"b", b"2")

    def check() -> None:
        if frozen:
            raise PermissionError

    with pytest.raises(PermissionError):
        deliver(made(), check)
    assert [m.key() for m in client.sent] == [b"a"]


def test_nothing_to_deliver_is_delivered_at_once(client: FakeClient) -> None:
    deliver([])
    assert client.sent == []


def test_a_full_queue_is_waited_for(client: FakeClient) -> None:
    client.outcomes.extend([BufferError(), BufferError(), None])
    send([Outgoing("t", b"a", b"1")])
    assert [m.key() for m in client.sent] == [b"a"]


@pytest.mark.parametrize("outcome", [TOO_LARGE, KafkaException(TOO_LARGE)], ids=["broker", "client"])
def test_a_message_that_is_too_large_is_given_up_and_the_others_arrive(
    client: FakeClient, caplog: pytest.LogCaptureFixture, outcome: Outcome
) -> None:
    given_up = metrics.TOO_LARGE.labels(topic="t")._value.get()
    client.outcomes.extend([None, outcome, None])
    with caplog.at_level(logging.ERROR):
        deliver([Outgoing("t", key, b"12345") for key in (b"a", b"b", b"c")])
    assert {m.key() for m in client.sent} >= {b"a", b"c"}
    said = [record.message for record in caplog.records if record.name == "streams.producer"]
    assert said == ["t: a message of 5 bytes is too large, key (see FRESHET_LOG_CONTENT)"]
    assert metrics.TOO_LARGE.labels(topic="t")._value.get() == given_up + 1


def test_any_other_refusal_of_the_client_is_an_error(client: FakeClient) -> None:
    client.outcomes.append(KafkaException(KafkaError(KafkaError._UNKNOWN_PARTITION)))
    with pytest.raises(KafkaException, match="UNKNOWN_PARTITION"):
        send([Outgoing("t", b"a", b"1", 99)])


@pytest.mark.parametrize("at_once", [True, False])
def test_what_this_client_may_not_write_is_not_tried_again(client: FakeClient, at_once: bool) -> None:
    denied = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    client.outcomes.append(KafkaException(denied) if at_once else denied)
    with pytest.raises(
        AccessDeniedError, match=r"^User:ANONYMOUS may not write to topic t; `freshet topics acls`"
    ):
        deliver([Outgoing("t", b"a", b"1")])
