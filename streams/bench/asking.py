"""Asking open-loop: requests sent by the clock, whatever becomes of them, and their responses."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence

import msgspec
from confluent_kafka import Consumer, Producer
from msgspec import Struct

from streams.bench.matching import percentiles
from streams.bench.measure import LATE_S
from streams.events import Request, Response
from streams.kafka import client_config, next_places, reader_config
from streams.settings import Settings
from streams.topics import full_name, home_partition, table

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Response).decode


class Answered(Struct):
    """How requests of one kind fared."""

    asked: int
    unanswered: int
    errors: int
    latency_ms: dict[str, float | None]
    """From when the request was due until the broker had its response."""


class Answer(Struct):
    """A response, and when the broker had it."""

    at_ms: int
    response: Response


class Asking(threading.Thread):
    """Sends requests one after the other, so many a second."""

    def __init__(
        self, settings: Settings, requests: Sequence[Request], rate: float, skipped: int = 0
    ) -> None:
        """Nothing is sent before `start`; the first `skipped` requests do not count."""
        super().__init__(name="asking", daemon=True)
        self._topic = full_name(settings, "requests")
        self._partitions = table(settings)["requests"].partitions
        self._producer = Producer(client_config(settings) | {"linger.ms": 1})
        self._rate, self._requests, self._skipped = rate, requests, skipped
        self._responses = _Responses(settings)
        self.due_ms: dict[str, int] = {}
        """When each request that counts was due, by its id."""
        self.rate_held = 0.0

    def run(self) -> None:
        """Sends them all."""
        start_s, wall_s = time.perf_counter(), time.time()
        for number, request in enumerate(self._requests):
            due_s = number / self._rate
            while (early_s := due_s - (time.perf_counter() - start_s)) > 0:
                self._producer.poll(0)
                time.sleep(min(early_s, 0.01))
            due_ms = int((wall_s + due_s) * 1000)
            if number >= self._skipped:
                self.due_ms[request.request_id] = due_ms
            key = request.user_id or request.request_id
            home = home_partition(key, self._partitions)
            self._producer.produce(self._topic, _encode(request), key, home, timestamp=due_ms)
        self.rate_held = len(self._requests) / (time.perf_counter() - start_s)
        self._producer.flush(30)

    def answers(self) -> dict[str, Answer]:
        """Waits until all is sent; the answers to what counts, by request, as far as they come in time."""
        self.join()
        return self._responses.read(self.due_ms)


class _Responses:
    """Reads `responses` from now on."""

    def __init__(self, settings: Settings) -> None:
        self._consumer = Consumer(reader_config(settings))
        name, count = full_name(settings, "responses"), table(settings)["responses"].partitions
        self._consumer.assign(next_places(self._consumer, name, range(count)))

    def read(self, wanted: Collection[str]) -> dict[str, Answer]:
        """Until all are there."""
        found: dict[str, Answer] = {}
        deadline_s = time.monotonic() + LATE_S
        while len(found) < len(wanted) and time.monotonic() < deadline_s:
            for message in self._consumer.consume(2_000, 0.2):
                if message.error() is None:
                    response = _decode(message.value() or b"")
                    if response.request_id in wanted:
                        found[response.request_id] = Answer(message.timestamp()[1], response)
        self._consumer.close()
        return found


def answered(due_ms: Mapping[str, int], answers: Mapping[str, Answer]) -> Answered:
    """How those requests fared that were due at these times."""
    got = {request_id: answers[request_id] for request_id in due_ms if request_id in answers}
    return Answered(
        len(due_ms),
        len(due_ms) - len(got),
        sum(answer.response.error is not None for answer in got.values()),
        percentiles([answer.at_ms - due_ms[request_id] for request_id, answer in got.items()]),
    )
