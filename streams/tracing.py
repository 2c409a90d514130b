"""One event or item followed through the topics: the steps, and what became of it."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from streams.follower import Record

Outcome = Literal["answered", "unlisted", "deleted", "refused", "waiting", "not found"]


class Step(Struct):
    """A record that the event, or what became of it, is in."""

    what: str
    """What happened: `sent`, `sent home`, `refused`, `listed`, …"""
    role: str
    """Who wrote the record: a role, or `client`."""
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """Kafka's, of the record."""
    after_ms: int = 0
    """Since the first step."""
    note: str = ""


class Trace(Struct):
    """What is known of one event or item."""

    id: str
    outcome: Outcome
    """`answered`: there is a list that knows it. `unlisted`: the item has its vectors, and no list since has it.
    `deleted`: the item is gone. `refused`: it is a dead letter. `waiting`: none of these yet."""
    steps: list[Step]
    """By time."""


def step(what: str, role: str, topic: str, record: Record, note: str = "") -> Step:
    """The step that a record is."""
    return Step(what, role, topic, record.partition, record.offset, record.timestamp_ms, note=note)


def traced(traced_id: str, steps: list[Step], settled: Mapping[str, Outcome]) -> Trace:
    """The trace that these steps make; `settled` has the outcome by what a step is called, the first that is met."""
    ordered = sorted(steps, key=lambda one: one.timestamp_ms)
    for one in ordered:
        one.after_ms = one.timestamp_ms - ordered[0].timestamp_ms
    names = {one.what for one in ordered}
    unsettled: Outcome = "waiting" if names else "not found"
    outcome = next((outcome for what, outcome in settled.items() if what in names), unsettled)
    return Trace(traced_id, outcome, ordered)
