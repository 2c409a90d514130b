"""How often items are had, by everybody, of late or ever."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Observation, Query, Rows, best_rows, used_end
from online.statistics.decay import ForwardDecay

TOP_LIMIT = 200
"""Items that are at hand as candidates without looking at all."""


class Counts(NamedTuple):
    """The arrays of a popularity, as compiled functions take them."""

    counts: NDArray[np.float64]
    """[capacity] stored counts; they compare with one another at any time."""
    top: Rows
    """[TOP_LIMIT] the rows with the largest counts, in no order; the first size[0] are in use."""
    size: NDArray[np.int64]
    """[1]"""
    is_top: NDArray[np.bool_]
    """[capacity] which rows are in `top`."""
    bound: NDArray[np.float64]
    """[1] at most the smallest count in a full `top`."""


@njit(cache=True)
def count_rows(popularity: Counts, rows: Rows, amounts: Floats, scale: float) -> None:
    """Adds amounts times `scale` to counts, and keeps `top` up to date.

    Counts only grow between two rescalings, so a row enters `top` just when its own count passes the smallest there.
    """
    counts, top = popularity.counts, popularity.top
    for i in range(len(rows)):
        row = rows[i]
        counts[row] += amounts[i] * np.float32(scale)
        if popularity.is_top[row] or counts[row] <= popularity.bound[0]:
            continue
        size = popularity.size[0]
        if size < TOP_LIMIT:
            top[size] = row
            popularity.is_top[row] = True
            popularity.size[0] = size + 1
            continue
        weakest = 0
        for slot in range(1, TOP_LIMIT):
            if counts[top[slot]] < counts[top[weakest]]:
                weakest = slot
        popularity.bound[0] = counts[top[weakest]]
        if counts[row] > counts[top[weakest]]:
            popularity.is_top[top[weakest]] = False
            popularity.is_top[row] = True
            top[weakest] = row


class Popularity:
    """Exponentially decayed counts, with the largest TOP_LIMIT always at hand."""

    def __init__(self, capacity: int, half_life_s: float, *, first_time_only: bool = False) -> None:
        """Counts every item of a set, or only those that are new to the user."""
        self.arrays = Counts(
            counts=np.zeros(capacity, np.float64),
            top=np.zeros(TOP_LIMIT, np.int32),
            size=np.zeros(1, np.int64),
            is_top=np.zeros(capacity, np.bool_),
            bound=np.zeros(1, np.float64),
        )
        self._first_time_only = first_time_only
        self.decay = ForwardDecay(half_life_s, (self.arrays.counts, self.arrays.bound))

    @property
    def top(self) -> Rows:
        """[at most TOP_LIMIT] the rows with the largest counts, in no order. To be read only."""
        return self.arrays.top[: int(self.arrays.size[0])]

    def fold(self, observed: Observation) -> None:
        """Counts one set."""
        amounts = observed.weights
        if self._first_time_only:
            amounts = amounts * ~observed.is_repeat
        count_rows(self.arrays, observed.rows, amounts, self.decay.weight(observed.timestamp_s))

    def candidates(self, query: Query, limit: int) -> Rows:
        """The most popular rows, best first, the same for everybody; at most TOP_LIMIT."""
        return self.best(limit)

    def best(self, limit: int) -> Rows:
        """The most popular rows, best first; at most TOP_LIMIT."""
        return best_rows(self.top, self.arrays.counts[self.top], limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """Decayed counts."""
        return (self.arrays.counts[rows] * self.decay.factor(query.now_s)).astype(np.float32)

    def forget(self, rows: Rows) -> None:
        """Drops the rows' counts."""
        self.arrays.counts[rows] = 0.0
        counted = np.flatnonzero(self.arrays.counts).astype(np.int32)
        self._set_top(best_rows(counted, self.arrays.counts[counted], TOP_LIMIT))

    def _set_top(self, top: Rows) -> None:
        self.arrays.is_top[:] = False
        self.arrays.is_top[top] = True
        self.arrays.top[: len(top)] = top
        self.arrays.size[0] = len(top)
        self.arrays.bound[0] = 0.0

    def save(self) -> dict[str, np.ndarray]:
        """The counts up to the last one above zero, and the top rows in their order."""
        end = used_end(self.arrays.counts)
        return {
            "counts": self.arrays.counts[:end].copy(),
            "top": self.top.copy(),
            "reference_s": np.array(self.decay.reference_s),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.arrays.counts[:] = 0.0
        self.arrays.counts[: len(saved["counts"])] = saved["counts"]
        self._set_top(saved["top"])
        self.decay.reference_s = float(saved["reference_s"])
