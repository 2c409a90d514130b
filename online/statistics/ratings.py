"""How items are rated."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Observation, Query, Rows, best_rows
from online.statistics.sums import load_sums, save_sums

PRIOR = 5.0
"""Ratings that an item's mean is shrunk with towards the mean of all ratings."""


class Sums(NamedTuple):
    """The arrays of ratings, as compiled functions take them."""

    sums: NDArray[np.float64]
    """[capacity, 2] of each item: ratings, and their sum."""
    total: NDArray[np.float64]
    """[2] the same over all items."""


@njit(cache=True)
def mean_rating(ratings: Sums, row: int) -> float:
    """An item's mean rating minus the mean of all, shrunk to 0."""
    overall = ratings.total[1] / max(ratings.total[0], 1.0)
    return float((ratings.sums[row, 1] - overall * ratings.sums[row, 0]) / (ratings.sums[row, 0] + PRIOR))


@njit(cache=True)
def count_ratings(ratings: Sums, rows: Rows, given: Floats) -> None:
    """Counts what the rows were rated with, where it is a number."""
    for i in range(len(rows)):
        if not np.isnan(given[i]):
            ratings.sums[rows[i], 0] += 1
            ratings.sums[rows[i], 1] += given[i]
            ratings.total[0] += 1
            ratings.total[1] += given[i]


class Ratings:
    """Mean ratings, shrunk; a stream without ratings leaves all of it at zero."""

    def __init__(self, capacity: int) -> None:
        self.arrays = Sums(np.zeros((capacity, 2)), np.zeros(2))

    def fold(self, observed: Observation) -> None:
        """Counts the ratings of one set."""
        count_ratings(self.arrays, observed.rows, observed.ratings)

    def candidates(self, query: Query, limit: int) -> Rows:
        """What is rated above the mean, best first."""
        rows = np.flatnonzero(self.arrays.sums[:, 0]).astype(np.int32)
        return best_rows(rows, self.score(query, rows), limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """How far each row's mean rating is above the mean of all; zero where it is below."""
        means = [mean_rating(self.arrays, row) for row in rows.tolist()]
        return np.maximum(np.array(means, np.float32), np.float32(0))

    def forget(self, rows: Rows) -> None:
        """Drops the rows' ratings; the overall mean stays."""
        self.arrays.sums[rows] = 0.0

    def save(self) -> dict[str, np.ndarray]:
        """The sums up to the last row with a rating."""
        return save_sums(*self.arrays)

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        load_sums(saved, *self.arrays)
