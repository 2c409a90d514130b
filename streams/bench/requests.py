"""How soon a worker answers requests while it handles events: open-loop, as for events."""

import threading
import time
from secrets import token_hex

import msgspec
import numpy as np
from confluent_kafka import Consumer, Message, Producer
from msgspec import Struct

from streams.bench.matching import percentiles
from streams.bench.measure import LATE_S, LEAD_S, Figures, Load, await_first_list, measure
from streams.bench.stage import stage, warm
from streams.bench.subjects import freshet
from streams.events import Request, Response
from streams.kafka import client_config, next_places, reader_config
from streams.settings import Settings
from streams.topics import full_name, home_partition, table

KINDS = ("recommend", "session", "trending")
"""What is asked, in turns: a user's list, a session's, and what is trending."""
SESSION_ITEMS = 5

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Response).decode


class Answered(Struct):
    """How requests of one kind fared."""

    asked: int
    unanswered: int
    errors: int
    latency_ms: dict[str, float | None]
    """From when the request was due until the broker had its response."""


class RequestFigures(Struct):
    """What was measured."""

    rate: float
    """Requests a second that were asked for."""
    rate_held: float
    by_kind: dict[str, Answered]
    all: Answered
    events: Figures
    """What became of the events meanwhile."""


class Asking(threading.Thread):
    """Sends requests by the clock, whatever becomes of them."""

    def __init__(self, settings: Settings, load: Load, rate: float, seconds: float) -> None:
        super().__init__(name="asking", daemon=True)
        self._topic = full_name(settings, "requests")
        self._partitions = table(settings)["requests"].partitions
        self._producer = Producer(client_config(settings) | {"linger.ms": 1})
        self._rate, self._count = rate, int(rate * (LEAD_S + seconds))
        self._skipped = int(rate * LEAD_S)
        rng = np.random.default_rng(load.seed)
        tag = token_hex(4)
        self._requests = [_request(f"{tag}-{number}", number, load, rng) for number in range(self._count)]
        self.due_ms: dict[str, tuple[str, int]] = {}
        """Kind and time of each request that counts, by its id."""
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
                self.due_ms[request.request_id] = (KINDS[number % len(KINDS)], due_ms)
            key = request.user_id or request.request_id
            home = home_partition(key, self._partitions)
            self._producer.produce(self._topic, _encode(request), key, home, timestamp=due_ms)
        self.rate_held = self._count / (time.perf_counter() - start_s)
        self._producer.flush(30)


def _request(request_id: str, number: int, load: Load, rng: np.random.Generator) -> Request:
    kind = KINDS[number % len(KINDS)]
    if kind == "trending":
        return Request(request_id, "trending")
    if kind == "session":
        recent = [f"item-{item}" for item in rng.integers(0, load.items, SESSION_ITEMS).tolist()]
        return Request(request_id, recent_item_ids=recent)
    return Request(request_id, user_id=f"user-{rng.integers(0, load.users)}")


def measure_requests(
    settings: Settings, load: Load, rate: float, events_rate: float, seconds: float
) -> RequestFigures:
    """Asks one recommend worker so many requests a second while so many events a second come.

    Raises:
        BenchError: Workers do not start, do not catch up, or end.
    """
    with stage(settings) as place, freshet(place.settings) as subject:
        await_first_list(place.settings, subject)
        warm(place, subject, load)
        responses = _Responses(place.settings)
        asking = Asking(place.settings, load, rate, seconds)
        asking.start()
        events = measure(place.settings, subject, load, events_rate, seconds, place.broker)
        asking.join()
        answers = responses.read(asking.due_ms)
    by_kind = {kind: _answered(asking.due_ms, answers, {kind}) for kind in KINDS}
    return RequestFigures(
        rate, round(asking.rate_held, 1), by_kind, _answered(asking.due_ms, answers, set(KINDS)), events
    )


class _Responses:
    """Reads `responses` from now on."""

    def __init__(self, settings: Settings) -> None:
        self._consumer = Consumer(reader_config(settings))
        name, count = full_name(settings, "responses"), table(settings)["responses"].partitions
        self._consumer.assign(next_places(self._consumer, name, range(count)))

    def read(self, wanted: dict[str, tuple[str, int]]) -> dict[str, tuple[int, bool]]:
        """When the broker had the response to each request, and whether it is an error; until all are there."""
        found: dict[str, tuple[int, bool]] = {}
        deadline_s = time.monotonic() + LATE_S
        while len(found) < len(wanted) and time.monotonic() < deadline_s:
            for message in self._consumer.consume(2_000, 0.2):
                self._take(message, wanted, found)
        self._consumer.close()
        return found

    def _take(
        self, message: Message, wanted: dict[str, tuple[str, int]], found: dict[str, tuple[int, bool]]
    ) -> None:
        if message.error() is None:
            response = _decode(message.value() or b"")
            if response.request_id in wanted:
                found[response.request_id] = (message.timestamp()[1], response.error is not None)


def _answered(
    due_ms: dict[str, tuple[str, int]], answers: dict[str, tuple[int, bool]], kinds: set[str]
) -> Answered:
    asked = {request_id: at_ms for request_id, (kind, at_ms) in due_ms.items() if kind in kinds}
    got = {request_id: answers[request_id] for request_id in asked if request_id in answers}
    return Answered(
        len(asked),
        len(asked) - len(got),
        sum(is_error for _, is_error in got.values()),
        percentiles([broker_ms - asked[request_id] for request_id, (broker_ms, _) in got.items()]),
    )
