"""How often what is had was had before: by item, and overall."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.catalogue import CATEGORY_SLOTS
from online.statistics.base import Floats, Observation, Query, Rows, best_rows, used_end
from online.statistics.decay import ForwardDecay

PRIOR = 10.0
"""Events that an item's repeat share is shrunk with towards the share of all events."""


class Shares(NamedTuple):
    """The arrays of repeats, as compiled functions take them.

    In single precision one event more is none beyond 2**24 of them, and all of an item's would become repeats.
    """

    counts: NDArray[np.float64]
    """[capacity, 2] stored counts: events, and those of them that were repeats."""
    total: NDArray[np.float64]
    """[2] the same over all items."""
    categories: NDArray[np.float64]
    """[CATEGORY_SLOTS, 2] the same by category, as of the last `sum_categories`."""


@njit(cache=True)
def overall_share(shares: Shares, factor: float) -> float:
    """Share of all events that were repeats, in [0, 1); 0 while little has been seen."""
    return float(shares.total[1] * factor / (shares.total[0] * factor + PRIOR))


@njit(cache=True)
def repeat_share(shares: Shares, row: int, factor: float) -> float:
    """Share of an item's events that were repeats, shrunk to the overall share."""
    repeats = shares.counts[row, 1] * factor + PRIOR * overall_share(shares, factor)
    return float(repeats / (shares.counts[row, 0] * factor + PRIOR))


@njit(cache=True)
def category_share(shares: Shares, slot: int, factor: float) -> float:
    """Share of a category's events that were repeats, shrunk to the overall share."""
    repeats = shares.categories[slot, 1] * factor + PRIOR * overall_share(shares, factor)
    return float(repeats / (shares.categories[slot, 0] * factor + PRIOR))


@njit(cache=True)
def _sum_categories(shares: Shares, slots: Rows, end: int) -> None:
    shares.categories[:] = 0.0
    for row in range(end):
        for column in range(2):
            shares.categories[slots[row, 0], column] += shares.counts[row, column]
            for label in slots[row, 1:]:
                if label > 0:
                    shares.categories[label, column] += shares.counts[row, column]


@njit(cache=True)
def count_repeats(shares: Shares, rows: Rows, is_repeat: NDArray[np.bool_], scale: float) -> None:
    """Counts the events of one set, each as `scale`."""
    for i in range(len(rows)):
        repeated = scale if is_repeat[i] else 0.0
        shares.counts[rows[i], 0] += scale
        shares.counts[rows[i], 1] += repeated
        shares.total[0] += scale
        shares.total[1] += repeated


class Repeats:
    """Repeat shares, and from them and the user's own frequencies what the user will have again."""

    def __init__(self, capacity: int, half_life_s: float) -> None:
        self.arrays = Shares(
            np.zeros((capacity, 2)),
            np.zeros(2),
            np.zeros((CATEGORY_SLOTS, 2)),
        )
        self.decay = ForwardDecay(half_life_s, self.arrays)

    def fold(self, observed: Observation) -> None:
        """Counts one set."""
        count_repeats(self.arrays, observed.rows, observed.is_repeat, self.decay.weight(observed.timestamp_s))

    def sum_categories(self, slots: Rows, end: int) -> None:
        """Sums the counts of the rows below `end` by category and tag, which are no part of the fold.

        Args:
            slots: [n, labels] each row's category, then its tags, 0 where there is none.
            end: Rows from there on are unused.
        """
        _sum_categories(self.arrays, slots, end)

    def candidates(self, query: Query, limit: int) -> Rows:
        """Items the user had, best first."""
        rows = np.unique(query.had[query.had >= 0])
        return best_rows(rows, self.score(query, rows), limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """The user's frequency of each row times the row's repeat share; zero for what the user never had."""
        frequency: dict[int, float] = {}
        for row, count in zip(query.had.tolist(), query.frequency.tolist(), strict=True):
            frequency[row] = frequency.get(row, 0.0) + count
        factor = self.decay.factor(query.now_s)
        found = [frequency.get(row, 0.0) * repeat_share(self.arrays, row, factor) for row in rows.tolist()]
        return np.array(found, np.float32)

    def forget(self, rows: Rows) -> None:
        """Drops the rows' counts; the overall share stays."""
        self.arrays.counts[rows] = 0.0

    def save(self) -> dict[str, np.ndarray]:
        """The counts up to the last one above zero."""
        end = used_end(self.arrays.counts[:, 0])
        return {
            "counts": self.arrays.counts[:end].copy(),
            "total": self.arrays.total.copy(),
            "reference_s": np.array(self.decay.reference_s),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.arrays.counts[:] = 0.0
        self.arrays.counts[: len(saved["counts"])] = saved["counts"]
        self.arrays.total[:] = saved["total"]
        self.decay.reference_s = float(saved["reference_s"])
