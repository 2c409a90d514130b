"""Baseline: what people took around the same time, popular items damped."""

from functools import partial

import numpy as np

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.popularity import Popularity
from online.evaluation.rows import Rows
from online.evaluation.top_k import filled, top_k
from online.evaluation.transitions import PRIOR, recent, set_weights


class SymmetricGraph:
    """Symmetric co-occurrence S with recency: S[x, i] and S[i, x] grow by decay ** lag.

    Score of y: sum_j decay ** lag_j * S[i_j, y] / sqrt(o(i_j) + 5) / sqrt(n(y) + 5), with o the row sum and n the
    number of sets with y; then popularity. Sets of several items weigh 1 / sqrt(size). A cosine-like normalisation
    of item-to-item counts (Karypis, 2001).
    """

    def __init__(self, item_count: int, set_limit: int = 20, decay: float = 0.9) -> None:
        self._set_limit, self._decay = set_limit, decay
        self._rows = Rows(item_count)
        self._popularity = Popularity(item_count)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The items nearest to the user's recent ones, then the most popular."""
        items, weights = recent(view, self._set_limit, self._decay)
        scores = self._rows.gather(items, weights / np.sqrt(self._rows.sums[items] + PRIOR))
        scores /= np.sqrt(self._popularity.weights + PRIOR)
        best = top_k(scores, view.hidden, k)
        return filled(best, partial(self._popularity.recommend, view), k)

    def learn(self, taken: Taken) -> None:
        """Links the set with each of the user's recent items, both ways; nothing within the set."""
        recent_items, weights = recent(taken.view, self._set_limit, self._decay)
        taken_weights = set_weights(taken)
        self._rows.add_outer(recent_items, weights, taken.items, taken_weights)
        self._rows.add_outer(taken.items, taken_weights, recent_items, weights)
        self._popularity.learn(taken)
