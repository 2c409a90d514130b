"""Baseline: what people took after the same things."""

from functools import partial

import numpy as np

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.popularity import Popularity
from online.evaluation.rows import Rows
from online.evaluation.stream import FloatArray, IntArray
from online.evaluation.top_k import filled, top_k


def recent(view: UserView, set_limit: int, decay: float) -> tuple[IntArray, FloatArray]:
    """The distinct items of the user's last sets, each with the sum of decay ** (sets since)."""
    first = int(np.searchsorted(view.history_sets, view.set_count - set_limit))
    weights = decay ** np.arange(set_limit, dtype=np.float64)
    items, place = np.unique(view.history[first:], return_inverse=True)
    lags = view.set_count - 1 - view.history_sets[first:]
    return items, np.bincount(place, weights=weights[lags]).astype(np.float64)


class Transitions:
    """Forward co-occurrence T with recency: T[i, x] grows by decay ** lag when x follows i, lag in sets.

    Score of x: sum over the user's last sets of decay ** lag * T[i, x]; then popularity.
    """

    def __init__(self, item_count: int, set_limit: int = 10, decay: float = 0.8) -> None:
        self._set_limit, self._decay = set_limit, decay
        self._rows = Rows(item_count)
        self._popularity = Popularity(item_count)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The items that followed the user's recent ones most, then the most popular."""
        scores = self._rows.gather(*recent(view, self._set_limit, self._decay))
        best = top_k(scores, self._popularity.known, view.hidden, k)
        return filled(best, partial(self._popularity.recommend, view), k)

    def learn(self, taken: Taken) -> None:
        """Counts the set after each of the user's recent items."""
        recent_items, weights = recent(taken.view, self._set_limit, self._decay)
        self._rows.add_outer(recent_items, weights, taken.items, np.ones(len(taken.items)))
        self._popularity.learn(taken)
