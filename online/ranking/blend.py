"""A fixed blend of the sources, behind the interface that a learned ranking takes over."""

from typing import NamedTuple, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.gather import ALL_TIME, FIRST_TIME, FORWARD, FREQUENCY, GRAPH, RECENT, REPEAT
from online.statistics.base import Floats, Rows


class Ranked(NamedTuple):
    """The best candidates, best first."""

    places: NDArray[np.int64]
    """[k] which candidates."""
    scores: Floats
    """[k]"""


class Ranker(Protocol):
    """Orders candidates by what the sources say of them."""

    def rank(self, rows: Rows, evidence: Floats, repeat_share: float, k: int) -> Ranked:
        """The k best of n candidates, ties by row.

        Args:
            rows: [n]
            evidence: [n, COLUMNS], see `online.ranking.gather`.
            repeat_share: Share of the stream's events that repeat.
            k: At most this many are returned.
        """


@njit(cache=True)
def blend_scores(evidence: Floats, repeat_share: float, p: Floats) -> Floats:
    n = len(evidence)
    scores = np.empty(n, np.float32)
    for i in range(n):
        e = evidence[i]
        scores[i] = e[GRAPH] + 1e-6 * e[RECENT] + p[0] * repeat_share * e[FREQUENCY]
    return scores


@njit(cache=True)
def best_places(rows: Rows, scores: Floats, k: int) -> NDArray[np.int64]:
    """The k highest scores, best first, ties by row: insertion into a short sorted list."""
    best = np.empty(k, np.int64)
    size = 0
    for i in range(len(scores)):
        if size == k:
            last = best[k - 1]
            if scores[i] < scores[last] or (scores[i] == scores[last] and rows[i] > rows[last]):
                continue
        slot = size if size < k else k - 1
        while slot > 0:
            before = best[slot - 1]
            if scores[before] > scores[i] or (scores[before] == scores[i] and rows[before] < rows[i]):
                break
            best[slot] = before
            slot -= 1
        best[slot] = i
        size = min(size + 1, k)
    return best[:size]


class Blend:
    """The fixed blend."""

    def __init__(self) -> None:
        self.p = np.array([1.0], np.float32)

    def rank(self, rows: Rows, evidence: Floats, repeat_share: float, k: int) -> Ranked:
        """See Ranker."""
        scores = blend_scores(evidence, repeat_share, self.p)
        places = best_places(rows, scores, k)
        return Ranked(places, scores[places])
