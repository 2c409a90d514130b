"""Lists that do not say the same thing ten times, nor what everybody is told: varied, and with rarer items."""

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Rows

Diversifier = Literal["dpp", "mmr", "calibrated"]
"""How a list's items are chosen; `calibrated` is in `online.ranking.calibration`."""
POOL_FACTOR = 5
"""So many times more candidates than a list has places are chosen from."""
RARITY = 0.1
"""How much being rare counts beside being different: without it, varied lists are of the same popular items."""
JITTER = 1e-4
"""Added to the similarity of an item with itself, so that two alike can both be listed."""


def diversified(
    scores: Floats,
    alike: Floats,
    counts: Floats,
    k: int,
    dial: float,
    diversifier: Literal["dpp", "mmr"] = "dpp",
) -> NDArray[np.int64]:
    """Which places of a pool make the list's first k, in order.

    With S the likeness, weight w = dial / (1 - dial) and worth g = log score - w * RARITY * log(1 + count):

    - `dpp` chooses, one by one, what raises sum(g) + w * log det S most: the fast greedy search for the best set of a
      determinantal point process (Chen, Zhang and Zhou, NeurIPS 2018).
    - `mmr` chooses what has the largest g - w * (its likeness to the most alike of the chosen): maximal marginal
      relevance (Carbonell and Goldstein, SIGIR 1998).

    Args:
        scores: [n] estimates of probabilities, above 0, best first.
        alike: [n, n] as of `likeness`.
        counts: [n] how often each was had by anybody.
        k: How many are chosen, or all where there are fewer.
        dial: From 0, the order as it is, to below 1, variety at any price.
        diversifier: How.
    """
    count = min(k, len(scores))
    if dial <= 0 or count < 2:
        return np.arange(count)
    weight = dial / (1 - dial)
    gains = np.log(np.maximum(scores, 1e-30)).astype(np.float64) - weight * RARITY * np.log1p(counts)
    choose = _dpp if diversifier == "dpp" else _mmr
    chosen: NDArray[np.int64] = choose(gains, alike.astype(np.float64), count, weight)
    return chosen


def likeness(units: Floats, labels: Rows) -> Floats:
    """[n, n] how alike items are, from 0 to 1: by content and by labels in equal parts, or by what both have.

    A sum of kernels, each of vectors that are shorter where an item has the other too; so it is a kernel itself, with
    1 on its diagonal for every item that has either.

    Args:
        units: [n, dim] content vectors of unit length, or zero.
        labels: [n, labels] category and tags; 0 where there is none. Of their sets A and B, |A and B| / sqrt(|A| |B|).
    """
    has_content, has_labels = units.any(axis=1), labels.any(axis=1)
    parts = np.stack((has_content, has_labels)) / np.sqrt(np.maximum(has_content + 1.0 * has_labels, 1.0))
    by_content = np.maximum(units @ units.T, 0)
    by_labels = _in_common(labels)
    scaled = by_content * np.outer(parts[0], parts[0]) + by_labels * np.outer(parts[1], parts[1])
    return np.asarray(scaled, np.float32)


@njit(cache=True)
def _in_common(labels: Rows) -> Floats:
    count = len(labels)
    alike = np.zeros((count, count), np.float32)
    sizes = np.zeros(count, np.float32)
    for i in range(count):
        for label in labels[i]:
            sizes[i] += label > 0
    for i in range(count):
        for j in range(i + 1):
            shared = 0.0
            for label in labels[i]:
                if label > 0:
                    for other in labels[j]:
                        shared += label == other
            if shared > 0:
                alike[i, j] = alike[j, i] = shared / np.sqrt(sizes[i] * sizes[j])
    return alike


@njit(cache=True)
def _mmr(gains: NDArray[np.float64], alike: NDArray[np.float64], k: int, weight: float) -> NDArray[np.int64]:
    chosen = np.empty(k, np.int64)
    nearest = np.zeros(len(gains))
    left = np.ones(len(gains), np.bool_)
    for place in range(k):
        best, most = -1, -np.inf
        for i in range(len(gains)):
            worth = gains[i] - weight * nearest[i]
            if left[i] and worth > most:
                best, most = i, worth
        chosen[place] = best
        left[best] = False
        for i in range(len(gains)):
            nearest[i] = max(nearest[i], alike[best, i])
    return chosen


@njit(cache=True)
def _dpp(gains: NDArray[np.float64], alike: NDArray[np.float64], k: int, weight: float) -> NDArray[np.int64]:
    """Cholesky factors of the chosen grow by a row a place; what is left of each item's norm is what it adds."""
    count = len(gains)
    chosen = np.empty(k, np.int64)
    factors = np.zeros((k, count))
    norms = np.empty(count)
    for i in range(count):
        # An item without a vector is like no other, itself excepted.
        norms[i] = (alike[i, i] if alike[i, i] > 0 else 1.0) + JITTER
    left = np.ones(count, np.bool_)
    for place in range(k):
        best, most = -1, -np.inf
        for i in range(count):
            worth = gains[i] + weight * np.log(max(norms[i], JITTER))
            if left[i] and worth > most:
                best, most = i, worth
        chosen[place] = best
        left[best] = False
        root = np.sqrt(max(norms[best], JITTER))
        for i in range(count):
            if left[i]:
                shared = alike[best, i]
                for row in range(place):
                    shared -= factors[row, best] * factors[row, i]
                factors[place, i] = shared / root
                norms[i] -= factors[place, i] ** 2
    return chosen
