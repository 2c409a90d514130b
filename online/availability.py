"""When items may be in lists, by row: what their documents say of it, and which rows may be at a given time."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.statistics.base import Rows

NEVER_MS = int(np.iinfo(np.int64).max)
"""The end for an item that has none."""


class Limits(NamedTuple):
    """When an item may be listed."""

    listed: bool = True
    """Whether it may be at all."""
    from_ms: int = 0
    until_ms: int = NEVER_MS

    def allow(self, wall_ms: int) -> bool:
        """Whether the item may be in a list made at `wall_ms`."""
        return self.listed and self.from_ms <= wall_ms < self.until_ms


ALWAYS = Limits()


class Availability:
    """The limits of all rows, and the mask of those that may be in a list.

    The mask is kept as limits change; only when the time of one begins or ends is it computed anew.
    """

    def __init__(self, capacity: int) -> None:
        """No row may be listed until its limits are put."""
        self._end = 0
        """Every row that has limits is below this."""
        self._listed = np.zeros(capacity, np.bool_)
        self._from_ms = np.zeros(capacity, np.int64)
        self._until_ms = np.zeros(capacity, np.int64)
        self._allowed = np.zeros(capacity, np.bool_)
        self._checked_ms = 0
        """The time that the mask is of."""
        self._next_change_ms = NEVER_MS
        self._told_ms = -1
        """Up to when it is told what time has changed; before the first call nothing is."""
        self._tell_ms = NEVER_MS
        """When the next such change is."""

    def put(self, row: int, limits: Limits) -> None:
        """Sets a row's limits."""
        self._end = max(self._end, row + 1)
        self._listed[row], self._from_ms[row], self._until_ms[row] = limits
        self._allowed[row] = limits.allow(self._checked_ms)
        for change_ms in limits[1:]:
            if self._checked_ms < change_ms < self._next_change_ms:
                self._next_change_ms = change_ms
            if self._told_ms < change_ms < self._tell_ms:
                self._tell_ms = change_ms

    def limits(self, row: int) -> Limits:
        """What was put last."""
        return Limits(bool(self._listed[row]), int(self._from_ms[row]), int(self._until_ms[row]))

    def bar(self, rows: Rows) -> None:
        """Keeps rows out of every list until their limits are put again."""
        self._listed[rows] = self._allowed[rows] = False

    def allowed(self, wall_ms: int) -> NDArray[np.bool_]:
        """Which rows may be in a list made at `wall_ms`: [capacity], to be read only."""
        if not self._checked_ms <= wall_ms < self._next_change_ms:
            begin_ms, end_ms = self._from_ms[: self._end], self._until_ms[: self._end]
            self._allowed[: self._end] = (
                self._listed[: self._end] & (begin_ms <= wall_ms) & (wall_ms < end_ms)
            )
            self._checked_ms = wall_ms
            self._next_change_ms = self._next_after(wall_ms)
        return self._allowed

    def take_turned(self, wall_ms: int) -> Rows:
        """Rows that time has made available, or no longer so, since the last call; the first tells of none."""
        if self._told_ms >= 0 and wall_ms < self._tell_ms:
            return np.empty(0, np.int32)
        since_ms = wall_ms if self._told_ms < 0 else self._told_ms
        self._told_ms = max(since_ms, wall_ms)
        turns = [
            (since_ms < times) & (times <= wall_ms)
            for times in (self._from_ms[: self._end], self._until_ms[: self._end])
        ]
        self._tell_ms = self._next_after(self._told_ms)
        return np.flatnonzero(self._listed[: self._end] & (turns[0] | turns[1])).astype(np.int32)

    def _next_after(self, wall_ms: int) -> int:
        """When the limits of any row begin or end next."""
        return min(
            int(times.min(where=times > wall_ms, initial=NEVER_MS))
            for times in (self._from_ms[: self._end], self._until_ms[: self._end])
        )
