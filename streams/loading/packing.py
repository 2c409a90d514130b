"""Packed messages: events of one home partition, sent together as a JSON array."""

from typing import NamedTuple

from streams.loading.events import Keyed
from streams.topics import home_partition

PACKED_BYTES = 900_000
"""Below the 1 MiB that a topic takes, with room for key and headers."""


class Message(NamedTuple):
    """One message to send; partition -1 is the key's home, as the client's partitioner finds it."""

    key: str
    value: bytes
    partition: int
    event_count: int


class Packer:
    """Gathers events by home partition, in order, and gives a message when one is full.

    Args:
        partitions: How many the topic has.
        events: The most events a message holds.
        limit_bytes: The most bytes a message holds, unless a single event has more.
    """

    def __init__(self, partitions: int, events: int, limit_bytes: int = PACKED_BYTES) -> None:
        self._events = events
        self._limit_bytes = limit_bytes
        self._waiting: list[list[Keyed]] = [[] for _ in range(partitions)]
        self._bytes = [0] * partitions

    def add(self, event: Keyed) -> list[Message]:
        """Takes an event; returns the messages that are full now, if any."""
        if self._events == 1:
            return [Message(event.key, event.value, -1, 1)]
        home = home_partition(event.key, len(self._waiting))
        size = len(event.value) + 1
        full: list[Message] = []
        if self._waiting[home] and self._bytes[home] + size >= self._limit_bytes:
            full.append(self._pack(home))
        self._waiting[home].append(event)
        self._bytes[home] += size
        if len(self._waiting[home]) == self._events:
            full.append(self._pack(home))
        return full

    def flush(self) -> list[Message]:
        """The messages of all events that still wait."""
        return [self._pack(home) for home, events in enumerate(self._waiting) if events]

    def _pack(self, home: int) -> Message:
        events, self._waiting[home], self._bytes[home] = self._waiting[home], [], 0
        return Message(
            events[0].key, b"[" + b",".join(event.value for event in events) + b"]", home, len(events)
        )
