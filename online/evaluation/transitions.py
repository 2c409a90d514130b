"""Baseline: what people took after the same things."""

from functools import partial

import numpy as np

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.popularity import Popularity
from online.evaluation.rows import Rows
from online.evaluation.stream import FloatArray, IntArray
from online.evaluation.top_k import filled, top_k

PRIOR = 5.0
"""Added to norms: rarely seen items don't jump ahead."""
DAMPING = 1 / 3
"""Between counts (0) and shares (1); calibrated on films and baskets to the strength known of this baseline."""


def recent(view: UserView, set_limit: int, decay: float) -> tuple[IntArray, FloatArray]:
    """The distinct items of the user's last sets, each with the sum of decay ** (sets since) / sqrt(set's size)."""
    first = int(np.searchsorted(view.history_sets, view.set_count - set_limit))
    lags = view.set_count - 1 - view.history_sets[first:]
    of_lag = decay ** np.arange(set_limit) / np.sqrt(np.maximum(np.bincount(lags, minlength=set_limit), 1))
    items, place = np.unique(view.history[first:], return_inverse=True)
    return items, np.bincount(place, weights=of_lag[lags]).astype(np.float64)


def set_weights(taken: Taken) -> FloatArray:
    """1 / sqrt(set's size) for each item: a large basket says less about each pair than a small one."""
    return np.full(len(taken.items), 1.0 / np.sqrt(len(taken.items)))


class Transitions:
    """Forward co-occurrence T with recency: T[i, x] grows by decay ** lag when x follows i, lag in sets.

    Score of x: sum over the user's last sets of decay ** lag * T[i, x] / (o(i) + 5) ** DAMPING, o the row sum, so
    that what is taken before everything else says less; then popularity. Sets of several items weigh
    1 / sqrt(size).
    """

    def __init__(self, item_count: int, set_limit: int = 10, decay: float = 0.8) -> None:
        self._set_limit, self._decay = set_limit, decay
        self._rows = Rows(item_count)
        self._popularity = Popularity(item_count)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The items that followed the user's recent ones most, then the most popular."""
        items, weights = recent(view, self._set_limit, self._decay)
        scores = self._rows.gather(items, weights * (self._rows.sums[items] + PRIOR) ** -DAMPING)
        best = top_k(scores, view.hidden, k)
        return filled(best, partial(self._popularity.recommend, view), k)

    def learn(self, taken: Taken) -> None:
        """Counts the set after each of the user's recent items."""
        self._rows.add_outer(
            *recent(taken.view, self._set_limit, self._decay), taken.items, set_weights(taken)
        )
        self._popularity.learn(taken)
