"""Baseline: what most people take."""

import math

import numpy as np

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.stream import FloatArray
from online.evaluation.top_k import top_k

MAX_DOUBLINGS = 500.0
"""Weights are scaled down before they have doubled that often, far from where a float64 overflows."""


class Popularity:
    """Score of an item: its decayed number of sets. Decay is lazy: instead of ageing all, new sets weigh more."""

    def __init__(
        self, item_count: int, half_life_ms: float | None = None, *, first_time_only: bool = False
    ) -> None:
        """Makes an empty count.

        Args:
            item_count: Items there will ever be.
            half_life_ms: None counts all time alike.
            first_time_only: Counts a user's first set with the item and no repeats.
        """
        self._half_life_ms = half_life_ms
        self._first_time_only = first_time_only
        self.weights: FloatArray = np.zeros(item_count)
        """[items], proportional to the decayed counts."""
        self.total = 0.0
        self._origin_ms: int | None = None

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The items with the highest counts."""
        return top_k(self.weights, view.hidden, k)

    def learn(self, taken: Taken) -> None:
        """Counts the set's distinct items."""
        weight = self._weight_at(taken.view.now_ms)
        items = taken.items[taken.is_new] if self._first_time_only else taken.items
        self.weights[items] += weight
        self.total += weight * len(items)

    def _weight_at(self, now_ms: int) -> float:
        if self._half_life_ms is None:
            return 1.0
        if self._origin_ms is None:
            self._origin_ms = now_ms
        doublings = (now_ms - self._origin_ms) / self._half_life_ms
        if doublings > MAX_DOUBLINGS:
            factor = 2.0**-doublings
            # A floor keeps old items known (and last) where their weight underflows.
            known = self.weights > 0.0
            self.weights[known] = np.maximum(self.weights[known] * factor, math.ulp(0.0))
            self.total *= factor
            self._origin_ms, doublings = now_ms, 0.0
        return float(2.0**doublings)
