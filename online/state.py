"""What is kept of one user: history, what they had, recent event ids and the cursor. Bounded in size.

A *set* is all events of the user with one timestamp (a basket). The newest set stays open until an event with
another timestamp arrives; examples see the user as of the last closed set, lists see everything.
"""

from array import array

import msgspec

from online.events import HIDING_ACTIONS, POSITIVE_ACTIONS, Cursor, Erased, Event, Example, Past

HISTORY_LIMIT = 60
"""Entries of closed sets kept in order."""
HASH_LIMIT = 128
"""Recent event ids kept: a producer's retry within that many events of the user counts once."""
OPEN_LIMIT = 256
OPEN_BYTES_LIMIT = 5_500
"""Entries of one set, and the sum of their ids' bytes; a larger one is learned in full but remembered by its first
entries."""
LONGEST_ID_BYTES = 1_024
HAD_LIMIT = 800
HAD_BYTES_LIMIT = 12_000
"""Distinct items remembered, and the sum of their ids' bytes; the least recently had go first."""
HIDDEN_BYTES_LIMIT = 6_000
"""Of the ids of hidden items; those hidden first go first."""
STANDING_LIMIT = 10
"""Ids of a list that are kept, to be scored against what the user does next."""
SET_DECAY = 0.98
"""An item's personal frequency is multiplied by this at each later set of the user."""
RENORMALISE_EVERY = 500
"""Sets after which the stored frequencies are scaled down, so that they never overflow."""
_MAX_COUNT = 65_535
_MAX_S = 4_294_967_295


def single(value: float) -> float:
    """The nearest single-precision number: a state is the same whether or not it was packed in between."""
    return array("f", (value,))[0]


class Had(msgspec.Struct, gc=False):
    """How often and when one item was had, over closed sets."""

    set_count: int
    last_s: int
    scaled_weight: float
    """Decayed frequency times SET_DECAY ** -(sets since the last renormalisation)."""
    first_s: int
    """When it was had first, as far as is remembered."""


class UserState:
    """One user. `admits`, `apply` and `published` alone change it; same calls in the same order, same state."""

    __slots__ = (
        "applied_count", "applied_xor", "current", "cursor", "erased", "had", "hidden", "history", "minute",
        "minute_count", "open", "open_ms", "recent", "set_count", "standing", "user_id",
    )  # fmt: skip

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.cursor: Cursor | None = None
        self.erased: Erased | None = None
        """The user's newest erasure, if there was one since the state was last given up."""
        self.applied_count = 0
        self.applied_xor = 0
        self.minute, self.minute_count = -1, 0
        """The latest minute that an event was let in, of Kafka's clock, and how many were; see `admits`."""
        self.recent: array[int] = array("Q")
        self.history: list[Past] = []
        """Closed sets, oldest first. Replaced, never changed in place: examples share it."""
        self.had: dict[str, Had] = {}
        """Over closed sets, least recently had first."""
        self.set_count = 0
        self.open_ms = -1
        self.open: list[Past] = []
        """Positive entries of the newest set."""
        self.hidden: dict[str, None] = {}
        self.standing: list[str] = []
        """Ids of the list as it stood before the open set."""
        self.current: list[str] = []
        """Ids of the newest list."""

    def apply(self, event: Event) -> Example | None:
        """Applies an event once.

        Returns:
            The example to learn from, or None if the event was applied before: a replay (at or below the
            cursor) or a producer's retry (its id is among the recent ones).
        """
        if self.has_passed(event):
            return None
        self.cursor = event.cursor
        if event.event_hash in self.recent:
            return None
        self._remember(event.event_hash)
        if event.timestamp_ms != self.open_ms:
            self._close_set()
            self.open_ms = event.timestamp_ms
            self.standing = self.current
        example = self._example(event)
        self._record(event)
        return example

    def has_passed(self, event: Event) -> bool:
        """Whether the event is a replay: it lies at or below the cursor."""
        return self.cursor is not None and self.cursor.reaches(event.cursor)

    def admits(self, event: Event, minute: int, limit: int) -> bool:
        """Whether the event is within the user's limit, and counts it if it is.

        Nothing is noted of one that is not, so that a flood changes nothing that would have to be written. Events that
        were applied before are within the limit: `apply` passes them over.

        Args:
            event: Is about to be applied.
            minute: When it came, by Kafka's clock; one before the user's latest minute counts as in it.
            limit: So many events a minute.
        """
        if self.has_passed(event) or event.event_hash in self.recent:
            return True
        if minute > self.minute:
            self.minute, self.minute_count = minute, 0
        elif self.minute_count >= limit:
            return False
        self.minute_count += 1
        return True

    @property
    def is_stub(self) -> bool:
        """Whether this is all that is left of an erased user who has not come back."""
        return self.erased is not None and self.applied_count == 0

    def published(self, item_ids: list[str]) -> None:
        """Notes the ids of the user's newest list, best first."""
        self.current = item_ids[:STANDING_LIMIT]

    def frequency(self, had: Had) -> float:
        """The item's personal frequency, decayed by SET_DECAY for every set of the user."""
        return float(had.scaled_weight * SET_DECAY ** (self.set_count % RENORMALISE_EVERY))

    def _remember(self, event_hash: int) -> None:
        self.applied_count += 1
        self.applied_xor ^= event_hash
        self.recent.append(event_hash)
        if len(self.recent) > HASH_LIMIT:
            del self.recent[: len(self.recent) - HASH_LIMIT]

    def _example(self, event: Event) -> Example:
        had = self.had.get(event.item_id)
        return Example(
            user_id=event.user_id,
            item_id=event.item_id,
            action=event.action,
            value=event.value,
            timestamp_ms=event.timestamp_ms,
            offset=event.cursor.offset,
            index=event.cursor.index,
            event_hash=event.event_hash,
            times_had=had.set_count if had else 0,
            last_had_s=had.last_s if had else 0,
            history=self.history,
            standing=self.standing,
        )

    def _record(self, event: Event) -> None:
        if event.action in HIDING_ACTIONS:
            self._hide(event.item_id)
        elif event.action in POSITIVE_ACTIONS:
            self.hidden.pop(event.item_id, None)
            if len(self.open) < OPEN_LIMIT and self._has_room(event.item_id):
                timestamp_s = min(event.timestamp_ms // 1000, _MAX_S)
                self.open.append(Past(event.item_id, timestamp_s, event.action, single(event.value)))

    def _has_room(self, item_id: str) -> bool:
        if len(self.open) * LONGEST_ID_BYTES < OPEN_BYTES_LIMIT:
            return True
        return (
            sum(len(past.item_id.encode()) for past in self.open) + len(item_id.encode()) <= OPEN_BYTES_LIMIT
        )

    def _hide(self, item_id: str) -> None:
        self.hidden[item_id] = None
        size = sum(len(i.encode()) for i in self.hidden)
        while size > HIDDEN_BYTES_LIMIT:
            oldest = next(iter(self.hidden))
            del self.hidden[oldest]
            size -= len(oldest.encode())

    def _close_set(self) -> None:
        if not self.open:
            return
        step = SET_DECAY ** -(self.set_count % RENORMALISE_EVERY + 1)
        for item_id in dict.fromkeys(past.item_id for past in self.open):
            now_s = min(self.open_ms // 1000, _MAX_S)
            had = self.had.pop(item_id, None) or Had(0, 0, 0.0, now_s)
            had.set_count = min(had.set_count + 1, _MAX_COUNT)
            had.last_s = now_s
            had.scaled_weight = single(had.scaled_weight + step)
            self.had[item_id] = had
        self.set_count += 1
        if self.set_count % RENORMALISE_EVERY == 0:
            for had in self.had.values():
                had.scaled_weight = single(had.scaled_weight * SET_DECAY**RENORMALISE_EVERY)
        self._evict()
        self.history = (self.history + self.open)[-HISTORY_LIMIT:]
        self.open = []

    def _evict(self) -> None:
        size = sum(len(item_id.encode()) for item_id in self.had) if len(self.had) > HAD_LIMIT // 10 else 0
        while len(self.had) > HAD_LIMIT or size > HAD_BYTES_LIMIT:
            oldest = next(iter(self.had))
            del self.had[oldest]
            size -= len(oldest.encode())
