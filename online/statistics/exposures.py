"""How often items were shown, and how often they were then had."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Observation, Query, Rows, best_rows, used_end

PRIOR = 20.0
"""Times that every item counts as shown before it was, with as many takers as the mean item had."""
FEW = 1e-3
"""Added to all takers: where nobody took anything yet, nothing is known to be bad."""


class Shown(NamedTuple):
    """What is known of items' chances, as Beta distributions with these means and weights."""

    means: Floats
    """[n] the chance that who is shown it has it next."""
    weights: Floats
    """[n] from how many times it was shown, PRIOR included."""


class ExposureCounts(NamedTuple):
    """The arrays of exposures, as compiled functions take them."""

    shown: Floats
    """[capacity] lists that had the item."""
    taken: Floats
    """[capacity] how often it was then had."""
    total: NDArray[np.float64]
    """[2] the same over all items."""


class Exposures:
    """Counts the lists that stood when their users did something: what was in them, and what of it was had."""

    def __init__(self, capacity: int) -> None:
        self.arrays = ExposureCounts(
            np.zeros(capacity, np.float32), np.zeros(capacity, np.float32), np.zeros(2)
        )

    def fold(self, observed: Observation) -> None:
        """Counts one set's list."""
        count_shown(self.arrays, observed.listed, observed.rows)

    def chances(self, rows: Rows) -> Shown:
        """What is known of [n] rows."""
        overall = (self.arrays.total[1] + FEW * PRIOR) / (self.arrays.total[0] + PRIOR)
        weights = self.arrays.shown[rows] + np.float32(PRIOR)
        means = (self.arrays.taken[rows] + np.float32(PRIOR * overall)) / weights
        return Shown(means.astype(np.float32), weights)

    def candidates(self, query: Query, limit: int) -> Rows:
        """What was taken most often of those shown, best first."""
        rows = np.flatnonzero(self.arrays.shown).astype(np.int32)
        return best_rows(rows, self.score(query, rows), limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """The share of each row's lists in which it was then had."""
        shares = (self.arrays.taken[rows] / np.maximum(self.arrays.shown[rows], 1)).astype(np.float32)
        return shares

    def forget(self, rows: Rows) -> None:
        """Drops the rows' counts; the sums over all stay."""
        self.arrays.shown[rows] = self.arrays.taken[rows] = 0

    def save(self) -> dict[str, np.ndarray]:
        """The counts up to the last row that was shown."""
        end = used_end(self.arrays.shown)
        return {
            "shown": self.arrays.shown[:end].copy(),
            "taken": self.arrays.taken[:end].copy(),
            "total": self.arrays.total.copy(),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        for name, counts in self.arrays._asdict().items():
            counts[:] = 0
            counts[: len(saved[name])] = saved[name]


@njit(cache=True)
def count_shown(exposures: ExposureCounts, listed: Rows, rows: Rows) -> None:
    """Counts a list, and what of it was had."""
    for row in listed:
        exposures.shown[row] += 1
        exposures.total[0] += 1
        for other in rows:
            if row == other:
                exposures.taken[row] += 1
                exposures.total[1] += 1
                break
