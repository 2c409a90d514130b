"""When an item was seen first and last, by anybody."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.recommender_config import DAY_S
from online.statistics.base import Floats, Observation, Query, Rows, best_rows, used_end


class Seen(NamedTuple):
    """The arrays of ages, as compiled functions take them; seconds since the epoch, 0 for what nobody had."""

    first_s: NDArray[np.float64]
    """[capacity]"""
    last_s: NDArray[np.float64]
    """[capacity]"""


class Ages:
    """First and last time of each item: what is new, and what has gone out of use."""

    def __init__(self, capacity: int) -> None:
        self.arrays = Seen(np.zeros(capacity), np.zeros(capacity))

    def fold(self, observed: Observation) -> None:
        """Notes the time of one set; a late one moves no last time back."""
        note_times(self.arrays, observed.rows, observed.timestamp_s)

    def candidates(self, query: Query, limit: int) -> Rows:
        """What was seen last, best first."""
        rows = np.flatnonzero(self.arrays.last_s).astype(np.int32)
        return best_rows(rows, self.score(query, rows), limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """1 / (1 + days since the row was seen last); zero for what nobody had."""
        last_s = self.arrays.last_s[rows]
        days = np.maximum(query.now_s - last_s, 0) / DAY_S
        return np.where(last_s > 0, 1 / (1 + days), 0).astype(np.float32)

    def forget(self, rows: Rows) -> None:
        """Drops the rows' times."""
        for times in self.arrays:
            times[rows] = 0.0

    def save(self) -> dict[str, np.ndarray]:
        """The times up to the last row that was seen."""
        end = used_end(self.arrays.last_s)
        return {name: times[:end].copy() for name, times in self.arrays._asdict().items()}

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        for name, times in self.arrays._asdict().items():
            times[:] = 0.0
            times[: len(saved[name])] = saved[name]


@njit(cache=True)
def note_times(seen: Seen, rows: Rows, at_s: float) -> None:
    """Notes that the rows were had at a time."""
    for row in rows:
        if seen.first_s[row] == 0:
            seen.first_s[row] = at_s
        seen.last_s[row] = max(seen.last_s[row], at_s)
