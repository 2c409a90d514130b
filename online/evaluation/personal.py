"""Baseline: what this user takes again and again."""

from functools import partial

import numpy as np

from online.evaluation.jit import compiled
from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.popularity import Popularity
from online.evaluation.stream import FloatArray, IntArray
from online.evaluation.top_k import filled, top_k

FILL_WEIGHT = 1e-6
"""Popularity's share of an item enters the score so lightly that it only breaks ties."""


class Personal:
    """Score of an item: sum over the user's sets with it of decay ** (sets since); then popularity."""

    def __init__(self, item_count: int, fill_half_life_ms: float | None, decay: float = 0.98) -> None:
        self._decay = decay
        self._popularity = Popularity(item_count, fill_half_life_ms)
        self._scores = np.zeros(item_count)
        self._touched = np.empty(item_count, dtype=np.int32)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The user's own most frequent items, then the most popular."""
        powers = np.power(self._decay, np.arange(view.set_count, dtype=np.float64)[::-1])
        count = add_up(view.history, view.history_sets, powers, self._scores, self._touched)
        touched = self._touched[:count]
        self._scores[touched] += self._popularity.weights[touched] * (
            FILL_WEIGHT / max(self._popularity.total, 1.0)
        )
        best = top_k(self._scores, view.hidden, k)
        self._scores[touched] = 0.0
        return filled(best, partial(self._popularity.recommend, view), k)

    def learn(self, taken: Taken) -> None:
        """Counts for the fill; the user's own history comes with the view."""
        self._popularity.learn(taken)


@compiled
def add_up(
    history: IntArray, history_sets: IntArray, set_weights: FloatArray, scores: FloatArray, touched: IntArray
) -> int:
    """Adds the weight of its set to each item's score; notes the items that had none, and returns how many."""
    count = 0
    for place in range(len(history)):
        item = history[place]
        if scores[item] == 0.0:
            touched[count] = item
            count += 1
        scores[item] += set_weights[history_sets[place]]
    return count
