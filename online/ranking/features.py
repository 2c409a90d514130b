"""From evidence to what a network sees of a list's candidates: numbers of like size."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.evidence import (
    AGE,
    BLEND,
    FREQUENCY,
    GRAPH,
    IDLE,
    LEARNED,
    LINKS,
    LOGGED,
    SINCE_FIRST,
    SINCE_HAD,
)
from online.recommender_config import DAY_S
from online.statistics.base import Floats, Query

SCALES = np.ones(LOGGED, np.float32)
"""[LOGGED] amounts below it are next to nothing in their column."""
SCALES[BLEND] = 1e-5
SCALES[GRAPH:LINKS] = 1e-3
SCALES[FREQUENCY] = 0.1
SCALES[[SINCE_HAD, SINCE_FIRST, AGE, IDLE]] = 0.05

LARGEST = 10_000.0
"""Of what is no amount: a rating may be any number, and what is logged is float16, which ends at 65,504."""

REQUEST = ("history_length", "gap", "hour_sin", "hour_cos", "own_repeats", "repeats", "known", "candidates")
"""What is the same for all candidates of a list; the others are weighed by it."""
FEATURES = LOGGED + LEARNED + len(REQUEST)
HISTORY_LENGTH = LEARNED + LOGGED + REQUEST.index("history_length")
"""Which feature it is."""


def columns_of(evidence: Floats) -> Floats:
    """[n, LEARNED] of evidence [n, COLUMNS]: log(1 + amount / scale) of amounts, the rest as it is, up to LARGEST."""
    amounts = np.empty((len(evidence), LOGGED), np.float32)
    columns = np.empty((len(evidence), LEARNED), np.float32)
    _scaled(evidence, SCALES, amounts, columns)
    columns[:, :LOGGED] = np.log(amounts, out=amounts)
    return columns


@njit(cache=True)
def _scaled(evidence: Floats, scales: Floats, amounts: Floats, columns: Floats) -> None:
    one, largest, logged_count = np.float32(1), np.float32(LARGEST), len(scales)
    for i in range(len(evidence)):
        for column in range(logged_count):
            amounts[i, column] = evidence[i, column] / scales[column] + one
        for column in range(logged_count, columns.shape[1]):
            columns[i, column] = min(max(evidence[i, column], -largest), largest)


def logged(amounts: Floats, scales: Floats) -> Floats:
    """log(1 + amount / scale). `log1p` is twice as slow, and more exact only where there is next to nothing."""
    shifted = amounts / scales
    shifted += 1
    return np.asarray(np.log(shifted, out=shifted))


@njit(cache=True)
def means_of(columns: Floats, starts: NDArray[np.int64], logged_count: int) -> Floats:
    """[lists, logged_count] of each list's amounts; 0 for a list without candidates.

    Args:
        columns: [n, LEARNED] of all candidates of some lists, the first list's first.
        starts: [lists + 1] where each list begins, and where the last one ends.
        logged_count: LOGGED.
    """
    means = np.zeros((len(starts) - 1, logged_count), np.float32)
    for i in range(len(means)):
        for place in range(starts[i], starts[i + 1]):
            for column in range(logged_count):
                means[i, column] += columns[place, column]
        means[i] /= np.float32(max(starts[i + 1] - starts[i], 1))
    return means


@njit(cache=True)
def features_of(columns: Floats, lists: NDArray[np.int32], means: Floats, requests: Floats) -> Floats:
    """[n, FEATURES] the columns, the amounts once more as they differ from the whole list's, and the request.

    Args:
        columns: [n, LEARNED] of some candidates of some lists.
        lists: [n] which list each is of.
        means: [lists, LOGGED] of the amounts, over all candidates of each list.
        requests: [lists, len(REQUEST)]
    """
    # The arrays say how many columns there are: compiled code that is kept on disk would not notice another number.
    count, learned = columns.shape
    amounts_end = learned + means.shape[1]
    features = np.empty((count, amounts_end + requests.shape[1]), np.float32)
    for i in range(count):
        for column in range(learned):
            features[i, column] = columns[i, column]
        for column in range(means.shape[1]):
            features[i, learned + column] = columns[i, column] - means[lists[i], column]
        for column in range(requests.shape[1]):
            features[i, amounts_end + column] = requests[lists[i], column]
    return features


@njit(cache=True)
def request_of(query: Query, known: float, repeat_share: float, candidate_count: int) -> Floats:
    """[len(REQUEST)] what a list's user and time say.

    Args:
        query: The user.
        known: How much of the history the graph knows, 0 to 1.
        repeat_share: Share of the stream's events that are repeats, 0 to 1.
        candidate_count: How many candidates there are.
    """
    hour = 2 * math.pi * (query.now_s % DAY_S) / DAY_S
    gap_s = max(query.now_s - float(query.history_s[0]), 0.0) if len(query.history_s) else 0.0
    times = query.times.sum()
    return np.array(
        [
            math.log1p(len(query.had)),
            math.log1p(gap_s / 3600),
            math.sin(hour),
            math.cos(hour),
            1 - len(query.had) / times if times else 0.0,
            repeat_share,
            known,
            math.log1p(candidate_count),
        ],
        np.float32,
    )
