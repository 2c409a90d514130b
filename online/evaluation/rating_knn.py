"""Predicts ratings from what is usual of user and item, and from how the user rated items that are rated alike."""

import numpy as np

from online.evaluation.jit import compiled
from online.evaluation.stream import FloatArray, IntArray

LEAST_RATE = 0.05
"""Of the gap to a rating, so much moves the biases of user and item at least: they follow changes of mind."""
USER_PRIOR, ITEM_PRIOR = 3.0, 5.0
"""A bias that rests on n ratings moves by 1 / (n + prior) of the gap, until that is below LEAST_RATE."""
HISTORY = 100
"""A user's last ratings that count."""
SIMILARITY_PRIOR = 100.0
"""Similarities of items are held back as if by so many users who rated both, without any likeness."""
WEIGHT_PRIOR = 0.3
"""Similarities that sum up to less than this say little."""
SLOTS = 1 << 22
"""Pairs of items that are told apart; those beyond share slots: 50 MB, whatever the items."""


class RatingKnn:
    """value(u, i) = mean + b_u + b_i + sum_j w_ij r_uj / (sum_j |w_ij| + 0.3), within the range of ratings seen.

    r_uj is what the user's rating of j had above what was then predicted without the sum, and w_ij the cosine of such
    residuals over the users who rated both, held back by a prior: item-kNN on residuals (Koren & Bell, "Advances in
    Collaborative Filtering", 2011), kept up to date event by event.
    """

    def __init__(self, user_count: int, item_count: int) -> None:
        self._mean = self._square = 0.0
        self._count = 0
        self._lowest, self._highest = np.inf, -np.inf
        self._user_bias, self._item_bias = [0.0] * user_count, [0.0] * item_count
        self._user_counts, self._item_counts = [0] * user_count, [0] * item_count
        self._items: IntArray = np.zeros((user_count, HISTORY), np.int32)
        self._residuals: FloatArray = np.zeros((user_count, HISTORY))
        self._products = np.zeros(SLOTS, np.float32)
        self._squares = np.zeros(SLOTS, np.float32)

    def predict(self, user: int, item: int) -> float:
        """The rating expected; the mean of users and items nobody knows."""
        known = min(self._user_counts[user], HISTORY)
        # Residuals are in units of ratings, so the prior is in their mean square.
        alike = _alike(
            item,
            self._items[user, :known],
            self._residuals[user, :known],
            self._products,
            self._squares,
            SIMILARITY_PRIOR * self._square,
        )
        expected = self._expected(user, item) + alike
        return expected if self._count == 0 else min(max(expected, self._lowest), self._highest)

    def learn(self, user: int, item: int, value: float) -> None:
        """Takes the rating that came."""
        residual = value - self._expected(user, item)
        known = min(self._user_counts[user], HISTORY)
        items, residuals = self._items[user], self._residuals[user]
        _learn(item, residual, items[:known], residuals[:known], self._products, self._squares)
        place = self._user_counts[user] % HISTORY
        items[place], residuals[place] = item, residual
        self._user_counts[user] += 1
        self._item_counts[item] += 1
        self._user_bias[user] += residual * max(LEAST_RATE, 1 / (self._user_counts[user] + USER_PRIOR))
        self._item_bias[item] += residual * max(LEAST_RATE, 1 / (self._item_counts[item] + ITEM_PRIOR))
        self._count += 1
        self._mean += (value - self._mean) / self._count
        self._square += (residual**2 - self._square) / self._count
        self._lowest, self._highest = min(self._lowest, value), max(self._highest, value)

    def _expected(self, user: int, item: int) -> float:
        return self._mean + self._user_bias[user] + self._item_bias[item]


@compiled
def _alike(
    item: int, items: IntArray, residuals: FloatArray, products: np.ndarray, squares: np.ndarray, prior: float
) -> float:
    weighed, weights = 0.0, 0.0
    for place in range(len(items)):
        there, back = _slot(item, items[place]), _slot(items[place], item)
        norm = np.sqrt(np.float64(squares[there]) * np.float64(squares[back])) + prior
        if norm > 0.0:
            similarity = products[there] / norm
            weighed += similarity * residuals[place]
            weights += abs(similarity)
    return weighed / (weights + WEIGHT_PRIOR)


@compiled
def _learn(
    item: int,
    residual: float,
    items: IntArray,
    residuals: FloatArray,
    products: np.ndarray,
    squares: np.ndarray,
) -> None:
    for place in range(len(items)):
        there, back = _slot(item, items[place]), _slot(items[place], item)
        products[there] += residual * residuals[place]
        squares[there] += residual * residual
        if there != back:
            products[back] += residual * residuals[place]
            squares[back] += residuals[place] * residuals[place]


@compiled
def _slot(first: int, second: int) -> int:
    """Where a pair of items is kept, in this order; multiplied by the golden ratio (Knuth), so that pairs spread."""
    mixed = np.uint64(first) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(second)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return int((mixed >> np.uint64(32)) & np.uint64(SLOTS - 1))
