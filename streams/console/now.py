"""What the console says of the river at one moment, and of its lists' quality over time."""

from typing import Literal

from msgspec import Struct

from streams.status import Model, TopicLag

State = Literal["loading", "ok", "failed"]
"""`ok` once all that lay in the compacted topics has been read, `failed` when a topic is followed no more."""


class Active(Struct, omit_defaults=True):
    """A user who has just done something, or whose list was made last."""

    user_id: str
    timestamp_ms: int
    action: str | None = None
    item_id: str | None = None
    title: str | None = None


class Refused(Struct):
    """A dead letter without its value."""

    timestamp_ms: int
    topic: str
    partition: int
    offset: int
    code: str
    path: str
    message: str


class Now(Struct):
    """The river at one moment. Rates are over the last 10 s, percentiles over the last 60 s."""

    timestamp_ms: int
    state: State
    users: int
    """Who have a list."""
    items: int
    events_per_s: float
    lists_per_s: float
    examples_per_s: float
    """That the learner says it has learned."""
    dead_letters_per_s: float
    event_to_list_p50_ms: int | None
    """Kafka's timestamp of a list minus that of the event that caused it; None without lists."""
    event_to_list_p99_ms: int | None
    lag: list[TopicLag]
    model: Model | None
    """None before the learner's first publication."""
    active: list[Active]
    """The last ones first."""
    refused: list[Refused]
    """The last ones first, since the console runs."""


class Point(Struct, frozen=True):
    """The quality of standing lists, as the learner published it."""

    timestamp_ms: int
    standing_hit_ratio: float
    """Share of recent sets that the list standing before them hit with its top 10."""
    popularity_hit_ratio: float
    """The same for the most popular items at that moment."""
    sets_scored: int
    drift_alarm_count: int
    """How often the ranking was found to get worse all of a sudden, so far."""


class Quality(Struct):
    """Quality over time, the oldest first, since the console runs; and the learner."""

    points: list[Point]
    model: Model | None
