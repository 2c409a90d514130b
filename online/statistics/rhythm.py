"""After which time an item is had again."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Observation, Query, Rows, best_rows
from online.statistics.sums import load_sums, save_sums

PRIOR = 5.0
"""Repeats that an item's mean is shrunk with towards the mean of all repeats."""
HOUR_S = 3_600.0


class Gaps(NamedTuple):
    """The arrays of a rhythm, as compiled functions take them."""

    sums: NDArray[np.float64]
    """[capacity, 2] of each item: repeats, and the sum of log2(1 + hours) between each and the one before it."""
    total: NDArray[np.float64]
    """[2] the same over all items."""


@njit(cache=True)
def log_hours(gap_s: float) -> float:
    """log2(1 + hours): gaps spread over seconds to years."""
    return float(np.log2(1.0 + max(gap_s, 0.0) / HOUR_S))


@njit(cache=True)
def usual_gap(gaps: Gaps, row: int) -> float:
    """Mean log2(1 + hours) between an item's repeats, shrunk to the mean of all."""
    overall = gaps.total[1] / max(gaps.total[0], 1.0)
    return float((gaps.sums[row, 1] + PRIOR * overall) / (gaps.sums[row, 0] + PRIOR))


@njit(cache=True)
def count_gaps(gaps: Gaps, rows: Rows, gap_s: Floats) -> None:
    """Counts the repeats among the rows: those with a gap."""
    for i in range(len(rows)):
        if gap_s[i] > 0:
            hours = log_hours(gap_s[i])
            gaps.sums[rows[i], 0] += 1
            gaps.sums[rows[i], 1] += hours
            gaps.total[0] += 1
            gaps.total[1] += hours


class Rhythm:
    """Mean logarithmic gap between a user's repeats of an item: milk comes back in days, a sofa in years."""

    def __init__(self, capacity: int) -> None:
        self.arrays = Gaps(np.zeros((capacity, 2)), np.zeros(2))

    def fold(self, observed: Observation) -> None:
        """Counts the repeats of one set."""
        count_gaps(self.arrays, observed.rows, observed.gap_s)

    def candidates(self, query: Query, limit: int) -> Rows:
        """Items the user had that are due, best first."""
        rows = np.unique(query.had[query.had >= 0])
        return best_rows(rows, self.score(query, rows), limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """How near each row's gap is to its usual one, 1 / (1 + distance); zero for what the user never had."""
        last_s = dict(zip(query.had.tolist(), query.last_s.tolist(), strict=True))
        scores = np.zeros(len(rows), np.float32)
        for i, row in enumerate(rows.tolist()):
            if row in last_s and self.arrays.sums[row, 0] > 0:
                distance = log_hours(query.now_s - last_s[row]) - usual_gap(self.arrays, row)
                scores[i] = 1.0 / (1.0 + abs(distance))
        return scores

    def forget(self, rows: Rows) -> None:
        """Drops the rows' sums; the overall mean stays."""
        self.arrays.sums[rows] = 0.0

    def save(self) -> dict[str, np.ndarray]:
        """The sums up to the last row with repeats."""
        return save_sums(*self.arrays)

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        load_sums(saved, *self.arrays)
