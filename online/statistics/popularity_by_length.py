"""What people have at which point of their history: first things first."""

from typing import NamedTuple

import numpy as np
from numba import njit

from online.statistics.base import Floats, Observation, Query, Rows, best_rows, used_end
from online.statistics.decay import ForwardDecay

STAGES = 7
"""Histories of 0, 1, 2-3, 4-7, 8-15, 16-31 and more entries."""


class StageCounts(NamedTuple):
    """The arrays, as compiled functions take them."""

    counts: Floats
    """[capacity, STAGES] stored counts."""


@njit(cache=True)
def stage_of(history_length: int) -> int:
    """The bucket of a history: one for each power of two."""
    stage = 0
    while history_length > 0 and stage < STAGES - 1:
        history_length >>= 1
        stage += 1
    return stage


class PopularityByLength:
    """Decayed counts by how long the user's history was."""

    def __init__(self, capacity: int, half_life_s: float) -> None:
        self.arrays = StageCounts(np.zeros((capacity, STAGES), np.float32))
        self.decay = ForwardDecay(half_life_s, self.arrays)

    def fold(self, observed: Observation) -> None:
        """Counts one set."""
        weight = self.decay.weight(observed.timestamp_s)
        count_stage(self.arrays, observed.rows, observed.weights, len(observed.history), weight)

    def candidates(self, query: Query, limit: int) -> Rows:
        """What is had most by users as new, or as old, as this one."""
        rows = np.flatnonzero(self.arrays.counts[:, stage_of(len(query.history))]).astype(np.int32)
        return best_rows(rows, self.score(query, rows), limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """Decayed counts of the user's stage."""
        counts: Floats = self.arrays.counts[rows, stage_of(len(query.history))]
        return counts * np.float32(self.decay.factor(query.now_s))

    def forget(self, rows: Rows) -> None:
        """Drops the rows' counts."""
        self.arrays.counts[rows] = 0.0

    def save(self) -> dict[str, np.ndarray]:
        """The counts up to the last one above zero."""
        end = used_end(self.arrays.counts.any(axis=1))
        return {
            "counts": self.arrays.counts[:end].copy(),
            "reference_s": np.array(self.decay.reference_s),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.arrays.counts[:] = 0.0
        self.arrays.counts[: len(saved["counts"])] = saved["counts"]
        self.decay.reference_s = float(saved["reference_s"])


@njit(cache=True)
def count_stage(arrays: StageCounts, rows: Rows, weights: Floats, history_length: int, weight: float) -> None:
    """Adds weights times `weight` to the counts of a history's stage."""
    stage = stage_of(history_length)
    for i in range(len(rows)):
        arrays.counts[rows[i], stage] += weights[i] * np.float32(weight)
