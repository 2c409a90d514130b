"""What flows into state and learning: events, examples and the sets they form."""

import msgspec


class Cursor(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where an event lies in the log. Comparable only within one topic id and partition."""

    topic_id: str
    partition: int
    offset: int
    index: int
    """Place within a packed message; 0 in a message with one event."""

    def reaches(self, other: "Cursor") -> bool:
        """Whether this cursor is at or behind which `other` lies: same log, same or later place."""
        return (
            self.topic_id == other.topic_id
            and self.partition == other.partition
            and (self.offset, self.index) >= (other.offset, other.index)
        )


def lies_before(cursor: Cursor | None, other: Cursor | None) -> bool:
    """Whether a place lies before another in the same log; of a place that is not known nothing is said."""
    return cursor is not None and other is not None and cursor != other and other.reaches(cursor)


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One valid interaction, with everything resolved: its place, its id's hash, a bounded timestamp."""

    user_id: str
    item_id: str
    action: str
    value: float
    timestamp_ms: int
    event_hash: int
    """64-bit hash of the event id; 0 <= event_hash < 2**64."""
    cursor: Cursor


class Past(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of a user's history."""

    item_id: str
    timestamp_s: int
    action: str
    value: float = 1.0


class ListLog(msgspec.Struct, array_like=True, gc=False):
    """Some of the candidates of a list as it stood, to learn from; see `online.ranking.list_log`."""

    hashes: bytes
    """[n] uint32, `item_hash` of each."""
    columns: bytes
    """[n, LEARNED] float16, see `online.ranking.features`."""
    means: bytes
    """[LOGGED] float32, of all candidates of the list."""
    request: bytes
    """[len(REQUEST)] float32"""
    head: bytes = b""
    """[k] uint32, `item_hash` of the list's first, best first, whether they were kept or not; then [k] float32, their
    shares. Empty where no network ranked, and in earlier versions."""


class Example(msgspec.Struct, array_like=True, gc=False):
    """One applied event together with the user as it stood *before the event's set*.

    A set is all events of one user with one timestamp, for instance a shopping basket.
    """

    user_id: str
    item_id: str
    action: str
    value: float
    timestamp_ms: int
    offset: int
    index: int
    event_hash: int
    times_had: int
    """How many earlier sets of this user had the item."""
    last_had_s: int
    """When the item was had last before this set, seconds since the epoch; 0 if never."""
    history: list[Past] | None
    """At most 60 entries, oldest first; None: as in this user's previous example, of the same set."""
    standing: list[str] | None
    """Ids of the list that stood before the set, best first; None as for history."""
    list_id: str | None = None
    """The list the event says it came from."""
    list_log: ListLog | None = None
    """Of the list that the event's set met; on some sets' first examples only."""


class ExampleRun(msgspec.Struct, array_like=True, tag="run"):
    """What one worker applied of one run of a source partition, in source order."""

    topic_id: str
    partition: int
    first: tuple[int, int]
    """Offset and index of the first event looked at, applied or not."""
    last: tuple[int, int]
    """Offset and index of the last event looked at: what every reader's watermark moves to."""
    examples: list[Example]


class ItemDeleted(msgspec.Struct, array_like=True, tag="item_deleted"):
    """A marker in the log of examples: from here on the item is forgotten."""

    item_id: str


class Erased(msgspec.Struct, frozen=True, array_like=True):
    """What an erasure took, kept in the empty state that it left."""

    place: Cursor
    """Of the erasure, in the log of erasures."""
    count: int
    """Events of the user that had been applied."""
    xor: int
    """Of these events' hashes."""
    users: int
    """1 if there was a state, else 0."""
    lists: int
    """1 if there was a list, else 0."""


class UserErased(msgspec.Struct, array_like=True, tag="user_erased"):
    """A marker in the log of examples: from here on nobody remembers the user."""

    user_id: str
    request_id: str
    topic_id: str
    """Of the log that the user's events lay in."""
    partition: int
    """Of that log, and of the user."""
    erased: Erased


class ExampleSet(msgspec.Struct):
    """The examples of one user with one timestamp: scored once, learned once."""

    user_id: str
    timestamp_ms: int
    history: list[Past]
    standing: list[str]
    examples: list[Example]


POSITIVE_ACTIONS: dict[str, float] = {
    "view": 0.5,
    "click": 1.0,
    "play": 1.0,
    "like": 2.0,
    "save": 2.0,
    "share": 2.0,
    "cart": 2.0,
    "purchase": 3.0,
    "rate": 1.0,
}
"""Actions that enter the history and the statistics, with their weight."""

HIDING_ACTIONS: frozenset[str] = frozenset({"hide", "dislike"})
"""Actions after which the item is never in this user's list again."""

NEUTRAL_ACTIONS: frozenset[str] = frozenset({"impression", "skip"})
"""Actions that are recorded in examples but change no history."""

ACTIONS: frozenset[str] = frozenset(POSITIVE_ACTIONS) | HIDING_ACTIONS | NEUTRAL_ACTIONS
