"""What is a candidate whatever the graphs say: the popular, the rising, and what is like the history."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.evidence import WANTED, Scratch, look_at
from online.statistics.base import Floats, Query, Rows
from online.statistics.content import Vectors, cosine, nearest, nearest_cold, profile_of
from online.statistics.lags import lag_weights
from online.statistics.popularity import Counts
from online.statistics.symmetric_graph import SymmetricGraph

PROFILE_LAG = SymmetricGraph.score_lag
"""How a history is weighted in its direction: as when the graph is asked."""
RISING = 1 / 8
"""Of all who ever had an item, so many had it in the last hours: at an even pace, of one half a day old."""
SEVERAL = 1.5
"""More than once, of late: what was had but once is no trend."""


@njit(cache=True)
def want_top(scratch: Scratch, popularity: Counts, share: float) -> None:
    """Makes what is popular candidates: this share of it, the most popular."""
    top = _top(popularity, share)
    for i in range(len(top)):
        look_at(scratch, top[i], WANTED)


@njit(cache=True)
def want_rising(scratch: Scratch, hourly: Counts, all_time: Counts, factor: float, share: float) -> None:
    """Makes candidates of what was had several times in the last hours and seldom before: news, what becomes known.

    Args:
        scratch: The list's.
        hourly: What it counts is forgotten within hours.
        all_time: What it counts never is.
        factor: Of `hourly`, as in `gather`.
        share: Of what was had most of late, how much is looked at.
    """
    top = _top(hourly, share)
    for i in range(len(top)):
        if hourly.counts[top[i]] * factor >= max(SEVERAL, RISING * all_time.counts[top[i]]):
            look_at(scratch, top[i], WANTED)


@njit(cache=True)
def _top(popularity: Counts, share: float) -> Rows:
    """This share of what is popular, the most popular, in no order."""
    top = popularity.top[: popularity.size[0]]
    counts = popularity.counts[top]
    left_out = len(top) - math.ceil(len(top) * share)
    least = np.partition(counts, left_out)[left_out] if left_out > 0 else 0.0
    return top[counts >= least]


@njit(cache=True)
def want_alike(
    scratch: Scratch,
    vectors: Vectors,
    query: Query,
    liked: Floats,
    servable: NDArray[np.bool_],
    share: float,
    search: bool,
) -> Floats:
    """Makes new cold items candidates and, where a taste is learned or the graph knows little, the ones liked most.

    In a hurry a share of them does. Only servable ones are looked for: where things are sold once, nearly all that is
    most alike is gone.

    Returns:
        The history's direction, [dim], or nothing, [0].
    """
    nothing = np.zeros(0, np.float32)
    if vectors.end[0] == 0 or len(query.history) == 0:
        return nothing
    profile = profile_of(vectors, query.history, lag_weights(query.history_s, PROFILE_LAG))
    if not np.any(profile):
        return nothing
    wanted = liked if len(liked) > 0 else profile
    _want_those_alike(scratch, vectors, nearest_cold(vectors, wanted, share, servable), wanted)
    if search or len(liked) > 0:
        _want_those_alike(scratch, vectors, nearest(vectors, wanted, share, servable), wanted)
    return profile


@njit(cache=True)
def _want_those_alike(scratch: Scratch, vectors: Vectors, rows: Rows, profile: Floats) -> None:
    for i in range(len(rows)):
        if cosine(vectors, rows[i], profile) > 0:
            look_at(scratch, rows[i], WANTED)
