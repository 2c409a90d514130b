"""Groups the examples of a log into sets, from the log alone, so that every reader forms the same ones."""

from collections import OrderedDict

import msgspec

from online.events import Example, ExampleSet

OPEN_FOR_MS = 1_000
"""A set is closed when it was opened longer ago than this, by the log's own clock."""
OPEN_EXAMPLES_LIMIT = 50_000
"""Examples held in open sets; beyond it the sets opened first are closed."""


class _Open(msgspec.Struct, array_like=True):
    """A set that may still grow."""

    opened_ms: int
    example_set: ExampleSet


class _Saved(msgspec.Struct):
    clock_ms: int
    open_sets: list[_Open]


class SetGrouper:
    """Joins examples of one user with one timestamp.

    Sets come out in the order in which they were opened, except that a user's own next timestamp closes the user's
    set at once. Nothing but the pushed examples and the records' timestamps decides, so a replay of the same log
    gives the same sets in the same order.
    """

    def __init__(self) -> None:
        # A plain dictionary looks for its first entry through all places of those that were taken from its front.
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self.clock_ms = 0
        """The latest timestamp of the log."""
        self._held_count = 0

    def push(self, example: Example, log_ms: int) -> list[ExampleSet]:
        """Takes the next example of the log.

        Args:
            example: Its history and standing list may be None where the example before it in the set has them.
            log_ms: The record's timestamp; one that goes back counts as the latest seen.

        Returns:
            The sets that this closed, in order.
        """
        closed = self.expire(log_ms)
        standing = self._open.get(example.user_id)
        if standing is not None and standing.example_set.timestamp_ms != example.timestamp_ms:
            closed.append(self._close(example.user_id))
            standing = None
        if standing is None:
            opened = ExampleSet(
                user_id=example.user_id,
                timestamp_ms=example.timestamp_ms,
                history=example.history or [],
                standing=example.standing or [],
                examples=[example],
            )
            self._open[example.user_id] = _Open(self.clock_ms, opened)
        else:
            standing.example_set.examples.append(example)
        self._held_count += 1
        while self._held_count > OPEN_EXAMPLES_LIMIT:
            closed.append(self._close(next(iter(self._open))))
        return closed

    def expire(self, log_ms: int) -> list[ExampleSet]:
        """Closes the sets that have been open too long at `log_ms`, for a log that moves on without examples."""
        self.clock_ms = max(self.clock_ms, log_ms)
        closed = []
        while self._open:
            user_id, oldest = next(iter(self._open.items()))
            if self.clock_ms - oldest.opened_ms <= OPEN_FOR_MS:
                break
            closed.append(self._close(user_id))
        return closed

    def drop_user(self, user_id: str) -> int:
        """Forgets an erased user's open set, which is never learned; returns how many examples it had."""
        return len(self._close(user_id).examples) if user_id in self._open else 0

    @property
    def is_empty(self) -> bool:
        """Whether no set is open."""
        return not self._open

    def has_user(self, user_id: str) -> bool:
        """Whether a set of the user is open."""
        return user_id in self._open

    def save(self) -> bytes:
        """The open sets and the log's clock."""
        return msgspec.msgpack.encode(_Saved(self.clock_ms, list(self._open.values())))

    def load(self, saved: bytes) -> None:
        """Replaces everything by what `save` gave."""
        part = msgspec.msgpack.decode(saved, type=_Saved)
        self.clock_ms = part.clock_ms
        self._open = OrderedDict((opened.example_set.user_id, opened) for opened in part.open_sets)
        self._held_count = sum(len(opened.example_set.examples) for opened in part.open_sets)

    @staticmethod
    def users_of(saved: bytes) -> set[str]:
        """Whose sets were open in what `save` gave."""
        return {opened.example_set.user_id for opened in msgspec.msgpack.decode(saved, type=_Saved).open_sets}

    def _close(self, user_id: str) -> ExampleSet:
        example_set = self._open.pop(user_id).example_set
        self._held_count -= len(example_set.examples)
        return example_set
