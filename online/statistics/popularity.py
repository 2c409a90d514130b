"""How often items are had, by everybody, of late or ever."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Observation, Query, Rows, best_rows
from online.statistics.decay import ForwardDecay

TOP_LIMIT = 200
"""Items that are at hand as candidates without looking at all."""


@njit(cache=True)
def count_rows(
    counts: NDArray[np.float64],
    top: Rows,
    place: Rows,
    state: NDArray[np.float64],
    rows: Rows,
    amounts: Floats,
) -> None:
    """Adds amounts and keeps `top` the rows with the largest counts, in no order.

    Counts only grow between two rescalings, so a row enters `top` only when its own count passes the smallest one
    there. state is [2]: how many of `top` are in use, and a lower bound of their counts; place[row] is 1 if the row
    is among them.
    """
    for i in range(len(rows)):
        row = rows[i]
        counts[row] += amounts[i]
        size = int(state[0])
        if place[row] or counts[row] <= 0:
            continue
        if size < TOP_LIMIT:
            top[size] = row
            place[row] = 1
            state[0] = size + 1
        elif counts[row] > state[1]:
            weakest = 0
            for slot in range(1, TOP_LIMIT):
                if counts[top[slot]] < counts[top[weakest]]:
                    weakest = slot
            state[1] = counts[top[weakest]]
            if counts[row] > state[1]:
                place[top[weakest]] = 0
                place[row] = 1
                top[weakest] = row


class Popularity:
    """Exponentially decayed counts, with the largest TOP_LIMIT always at hand."""

    def __init__(self, capacity: int, half_life_s: float, *, first_time_only: bool = False) -> None:
        """Counts every item of a set, or only those that are new to the user."""
        self.counts = np.zeros(capacity, np.float64)
        """[capacity] stored counts; they compare with one another at any time."""
        self._first_time_only = first_time_only
        self._top = np.zeros(TOP_LIMIT, np.int32)
        self._place = np.zeros(capacity, np.int32)
        self._state = np.zeros(2, np.float64)
        self._decay = ForwardDecay(half_life_s, (self.counts, self._state[1:]))

    @property
    def top(self) -> Rows:
        """[at most TOP_LIMIT] the rows with the largest counts, in no order. To be read only."""
        return self._top[: int(self._state[0])]

    def fold(self, observed: Observation) -> None:
        """Counts one set."""
        amounts = observed.weights * np.float32(self._decay.weight(observed.timestamp_s))
        if self._first_time_only:
            amounts = amounts * ~observed.is_repeat
        count_rows(self.counts, self._top, self._place, self._state, observed.rows, amounts)

    def factor(self, now_s: float) -> float:
        """What turns a stored count into its value at `now_s`."""
        return self._decay.factor(now_s)

    def candidates(self, query: Query, limit: int) -> Rows:  # noqa: ARG002  # the same for everybody
        """The most popular rows, best first; at most TOP_LIMIT."""
        return best_rows(self.top, self.counts[self.top], limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """Decayed counts."""
        return (self.counts[rows] * self.factor(query.now_s)).astype(np.float32)

    def forget(self, rows: Rows) -> None:
        """Drops the rows' counts."""
        self.counts[rows] = 0.0
        counted = np.flatnonzero(self.counts).astype(np.int32)
        self._set_top(best_rows(counted, self.counts[counted], TOP_LIMIT))

    def _set_top(self, top: Rows) -> None:
        self._place[:] = 0
        self._place[top] = 1
        self._top[: len(top)] = top
        self._state[:] = len(top), 0.0

    def save(self) -> dict[str, np.ndarray]:
        """The counts up to the last one above zero, and the top rows in their order."""
        end = int(np.flatnonzero(self.counts).max(initial=-1)) + 1
        return {
            "counts": self.counts[:end].copy(),
            "top": self.top.copy(),
            "reference_s": np.array(self._decay.reference_s),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.counts[:] = 0.0
        self.counts[: len(saved["counts"])] = saved["counts"]
        self._set_top(saved["top"])
        self._decay.reference_s = float(saved["reference_s"])
