"""The candidates of lists, and which of them are best: by the network, or by the fixed blend without one."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.blend import FROM_REPEAT, SOURCES, best_places
from online.ranking.evidence import BLEND, HAD, LEARNED, LOGGED, WITNESSES
from online.ranking.features import SCALES, columns_of, features_of, logged, means_of
from online.ranking.gather import Gathered
from online.ranking.network import Network
from online.statistics.base import Floats, Queries, Query, Rows, query_of

_WITHOUT = np.ones((len(SOURCES) + 1, 1, LEARNED), np.float32)
"""What is left of the columns without each source, and last without none: nothing is 0 in a column, too."""
for _source, _witnesses in enumerate(WITNESSES):
    _WITHOUT[_source, 0, _witnesses] = 0.0


class Candidates(NamedTuple):
    """What may be in some lists, and all that is known of it: of the first list, then of the next.

    Many lists at once take half the time of one after the other: each of the small steps has a cost of its own.
    """

    queries: Queries
    starts: NDArray[np.int64]
    """[lists + 1] as the next five in `online.ranking.gather.Gathered`."""
    lists: NDArray[np.int32]
    """[n]"""
    rows: Rows
    """[n]"""
    evidence: Floats
    """[n, COLUMNS]"""
    parts: Floats
    """[n, len(SOURCES)]"""
    requests: Floats
    """[lists, len(REQUEST)]"""
    columns: Floats
    """[n, LEARNED], see `online.ranking.features`."""
    means: Floats
    """[lists, LOGGED]"""
    allowed: NDArray[np.bool_]
    """[capacity] which rows may be in the lists, candidates or not, but for the users' own; to be read only."""

    def query(self, number: int) -> Query:
        """Whom a list is for."""
        found: Query = query_of.py_func(self.queries, number)
        return found


class Best(NamedTuple):
    """The best candidates of one list, best first."""

    places: NDArray[np.int64]
    """[k] which of the candidates of all lists."""
    scores: Floats
    """[k] shares, over all candidates of the list at most 1; see `chances`."""


def candidates_of(queries: Queries, gathered: Gathered, allowed: NDArray[np.bool_]) -> Candidates:
    """What was gathered, with what a network sees of it."""
    columns = columns_of(gathered.evidence)
    return Candidates(queries, *gathered, columns, means_of(columns, gathered.starts, LOGGED), allowed)


def best(found: Candidates, network: Network | None, k: int) -> list[Best]:
    """The k best candidates of each list, ties by row: with a network a softmax of its scores, else the blend."""
    if network is None:
        scores = found.evidence[:, BLEND].copy()
    else:
        scores = network.scores(features_of(found.columns, found.lists, found.means, found.requests))
        _softmax(scores, found.starts)
    places, counts = _best_places(found.rows, scores, found.starts, k)
    return [
        Best(of_list[:count], scores[of_list[:count]])
        for of_list, count in zip(places, counts.tolist(), strict=True)
    ]


def chances(scores: Floats, network: Network | None) -> Floats:
    """What scores that `best` gave are worth as chances: [n] of [n]. A blend's are taken as they are."""
    return scores if network is None else network.platt.chances(scores)


def shares(found: Candidates, network: Network | None, places: NDArray[np.int64]) -> Floats:
    """How much of each place's score is owed to each source: [k, len(SOURCES)], rows add up to 1, or to 0.

    Of the blend they are its parts. Of a network, by ablation: how much its score falls without all evidence from the
    source (Lei et al., 2018, "leave one covariate out"); what makes it rise owes nothing. No
    repeat is owed where the user never had the item: the list would give a wrong reason.
    """
    parts = found.parts[places]
    if network is not None:
        parts = _falls(found, network, places)
    totals = parts.sum(axis=1, keepdims=True)
    owed: Floats = np.divide(parts, totals, out=np.zeros_like(parts), where=totals > 0)
    return owed


def _falls(found: Candidates, network: Network, places: NDArray[np.int64]) -> Floats:
    """[k, len(SOURCES)] how much the network's score of each place falls without a source, at least 0."""
    columns = found.columns[places] * _WITHOUT
    left = found.evidence[places, BLEND] - found.parts[places].T
    columns[:-1, :, BLEND] = logged(left, SCALES[BLEND])
    lists = np.tile(found.lists[places], len(columns))
    features = features_of(columns.reshape(-1, LEARNED), lists, found.means, found.requests)
    scores = network.scores(features).reshape(len(columns), -1)
    falls: Floats = np.maximum(scores[-1] - scores[:-1], 0).T
    falls[found.columns[places, HAD] == 0, FROM_REPEAT] = 0
    return falls


@njit(cache=True)
def _softmax(scores: Floats, starts: NDArray[np.int64]) -> None:
    """Of each list's scores, in their place."""
    for i in range(len(starts) - 1):
        of_list = scores[starts[i] : starts[i + 1]]
        if len(of_list):
            of_list[:] = np.exp(of_list - of_list.max())
            of_list /= of_list.sum()


@njit(cache=True)
def _best_places(
    rows: Rows, scores: Floats, starts: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[lists, k] places of each list's best, and [lists] how many there are."""
    count = len(starts) - 1
    places, counts = np.empty((count, k), np.int64), np.empty(count, np.int64)
    for i in range(count):
        begin, end = starts[i], starts[i + 1]
        found = best_places(rows[begin:end], scores[begin:end], k)
        counts[i] = len(found)
        places[i, : len(found)] = found + begin
    return places, counts
