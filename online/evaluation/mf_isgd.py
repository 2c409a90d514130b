"""Baseline: matrix factorisation that takes one step an event."""

from functools import partial

import numpy as np

from online.evaluation.jit import compiled
from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.popularity import Popularity
from online.evaluation.stream import FloatArray
from online.evaluation.top_k import filled, top_k_known


class MfIsgd:
    """ISGD for positive-only feedback (Vinagre, Jorge & Gama, 2014): every event is a 1 to reach, nothing is a 0.

    For an event of user u and item i: e = 1 - p_u . q_i, then p_u += rate * (e * q_i - regularisation * p_u) and
    q_i likewise with the p_u before. Items are ranked by |1 - p_u . q_i|, the smallest first. A user without a
    vector gets the most popular items.
    """

    def __init__(
        self,
        item_count: int,
        factor_count: int = 10,
        rate: float = 0.05,
        regularisation: float = 0.01,
        spread: float = 0.1,
    ) -> None:
        """Makes random item vectors. The defaults were chosen on MovieLens-100K, new items only."""
        self._factor_count, self._rate, self._regularisation = factor_count, rate, regularisation
        self._spread = spread
        self._random = np.random.default_rng(0)
        self._items = self._random.normal(0.0, spread, (item_count, factor_count))
        self._users: dict[int, FloatArray] = {}
        self._popularity = Popularity(item_count)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The items nearest to 1, or the most popular for an unknown user."""
        user = self._users.get(view.user)
        if user is None:
            return self._popularity.recommend(view, k)
        nearness = -np.abs(1.0 - self._items @ user)
        best = top_k_known(nearness, self._popularity.weights > 0.0, view.hidden, k)
        return filled(best, partial(self._popularity.recommend, view), k)

    def learn(self, taken: Taken) -> None:
        """One step for each item of the set."""
        user = self._users.get(taken.view.user)
        if user is None:
            user = self._random.normal(0.0, self._spread, self._factor_count)
            self._users[taken.view.user] = user
        for item in taken.items:
            step(user, self._items[item], self._rate, self._regularisation)
        self._popularity.learn(taken)


@compiled
def step(user: FloatArray, item: FloatArray, rate: float, regularisation: float) -> None:
    """Moves both vectors, in place, towards a product of 1."""
    error = 1.0 - np.dot(user, item)
    for place in range(len(user)):
        before = user[place]
        user[place] += rate * (error * item[place] - regularisation * before)
        item[place] += rate * (error * before - regularisation * item[place])
