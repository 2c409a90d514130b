"""How often items were shown, and how often they were then had."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Observation, Query, Rows, best_rows

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


class Exposures:
    """Counts the lists that stood when their users did something: what was in them, and what of it was had."""

    def __init__(self, capacity: int) -> None:
        self.shown = np.zeros(capacity, np.float32)
        """[capacity] lists that had the item. To be read only."""
        self._taken = np.zeros(capacity, np.float32)
        self._total = np.zeros(2)

    def fold(self, observed: Observation) -> None:
        """Counts one set's list."""
        _count(self.shown, self._taken, self._total, observed.listed, observed.rows)

    def chances(self, rows: Rows) -> Shown:
        """What is known of [n] rows."""
        overall = (self._total[1] + FEW * PRIOR) / (self._total[0] + PRIOR)
        weights = self.shown[rows] + np.float32(PRIOR)
        means = (self._taken[rows] + np.float32(PRIOR * overall)) / weights
        return Shown(means.astype(np.float32), weights)

    def candidates(self, query: Query, limit: int) -> Rows:
        """What was taken most often of those shown, best first."""
        rows = np.flatnonzero(self.shown).astype(np.int32)
        return best_rows(rows, self.score(query, rows), limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """The share of each row's lists in which it was then had."""
        shares = (self._taken[rows] / np.maximum(self.shown[rows], 1)).astype(np.float32)
        return shares

    def forget(self, rows: Rows) -> None:
        """Drops the rows' counts; the sums over all stay."""
        self.shown[rows] = self._taken[rows] = 0

    def save(self) -> dict[str, np.ndarray]:
        """The counts up to the last row that was shown."""
        end = int(np.flatnonzero(self.shown).max(initial=-1)) + 1
        return {
            "shown": self.shown[:end].copy(),
            "taken": self._taken[:end].copy(),
            "total": self._total.copy(),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        for array, name in ((self.shown, "shown"), (self._taken, "taken")):
            array[:] = 0
            array[: len(saved[name])] = saved[name]
        self._total[:] = saved["total"]


@njit(cache=True)
def _count(shown: Floats, taken: Floats, total: NDArray[np.float64], listed: Rows, rows: Rows) -> None:
    for row in listed:
        shown[row] += 1
        total[0] += 1
        for other in rows:
            if row == other:
                taken[row] += 1
                total[1] += 1
                break
