"""Which list answers which event, and what follows from it: plain functions of records.

A list answers every event of its user up to the place it goes `through`. Events that one list answers together
(a user's events of one batch) all count, each with its own waiting time.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence

from msgspec import Struct

SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}


class Place(Struct, frozen=True, order=True):
    """Where an event lies: in one log, so places of one partition are ordered."""

    partition: int
    offset: int
    index: int


class SentEvent(Struct):
    """An event as Kafka has it."""

    user: bytes
    place: Place
    timestamp_ms: int


class SeenList(Struct):
    """A list as the observer read it."""

    user: bytes
    through: Place
    timestamp_ms: int
    """When the broker had it."""
    seen_ms: int
    """When the observer had it in hand."""


class Answer(Struct):
    """How long one event waited for the first list that knows it."""

    event_ms: int
    broker_ms: int
    """From the event's timestamp to the list's."""
    seen_ms: int
    """From the event's timestamp until the observer had the list."""


class Matcher:
    """Takes events and lists, each in the order of its partition, lists never before all their events."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[bytes, int], deque[SentEvent]] = {}
        self.waiting_count = 0
        """Events that no list has answered yet."""
        self.answers: list[Answer] = []

    def sent(self, events: Iterable[SentEvent]) -> None:
        """Adds events that wait for their list."""
        for event in events:
            self._waiting.setdefault((event.user, event.place.partition), deque()).append(event)
            self.waiting_count += 1

    def seen(self, listed: SeenList) -> None:
        """Lets a list answer every waiting event of its user that it reaches."""
        waiting = self._waiting.get((listed.user, listed.through.partition))
        while waiting and waiting[0].place <= listed.through:
            at_ms = waiting.popleft().timestamp_ms
            self.answers.append(
                Answer(at_ms, max(0, listed.timestamp_ms - at_ms), max(0, listed.seen_ms - at_ms))
            )
            self.waiting_count -= 1

    def oldest_waiting_ms(self) -> int | None:
        """Timestamp of the oldest event without an answer."""
        return min((events[0].timestamp_ms for events in self._waiting.values() if events), default=None)


def percentiles(values: Sequence[int]) -> dict[str, float | None]:
    """The smallest value that at least this share of all lie at or below (nearest rank); None without values."""
    ordered = sorted(values)
    if not ordered:
        return dict.fromkeys(SHARES)
    return {name: float(ordered[max(0, math.ceil(s * len(ordered)) - 1)]) for name, s in SHARES.items()}
