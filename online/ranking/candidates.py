"""The candidates of one list, and which of them are best: by the network, or by the fixed blend without one."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.ranking.blend import FROM_REPEAT, SOURCES, best_places
from online.ranking.evidence import BLEND, HAD, LEARNED, WITNESSES
from online.ranking.features import SCALES, features_of, logged
from online.ranking.network import Network
from online.statistics.base import Floats, Query, Rows

_WITHOUT = np.ones((len(SOURCES) + 1, 1, LEARNED), np.float32)
"""What is left of the columns without each source, and last without none: nothing is 0 in a column, too."""
for _source, _witnesses in enumerate(WITNESSES):
    _WITHOUT[_source, 0, _witnesses] = 0.0


class Candidates(NamedTuple):
    """What may be in a list, and all that is known of it. Rows and evidence are valid until the next list."""

    query: Query
    rows: Rows
    """[n]"""
    evidence: Floats
    """[n, COLUMNS], see `online.ranking.evidence`."""
    parts: Floats
    """[n, len(SOURCES)] what each source adds to the blend's score."""
    request: Floats
    """[len(REQUEST)], see `online.ranking.features`."""
    columns: Floats
    """[n, LEARNED]"""
    means: Floats
    """[LOGGED]"""
    allowed: NDArray[np.bool_]
    """[capacity] which rows may be in the list, candidates or not, but for the user's own; to be read only."""


class Best(NamedTuple):
    """The best candidates, best first."""

    places: NDArray[np.int64]
    """[k] which of the candidates."""
    scores: Floats
    """[k] estimates that the user has it next, over all candidates at most 1."""


def best(found: Candidates, network: Network | None, k: int) -> Best:
    """The k best candidates, ties by row: with a network a softmax of its scores, else the blend."""
    if network is None or not len(found.rows):
        scores = found.evidence[:, BLEND]
    else:
        raw = network.scores(features_of(found.columns, found.means, found.request))
        scores = np.exp(raw - raw.max())
        scores /= scores.sum()
    places = best_places(found.rows, scores, k)
    return Best(places, scores[places])


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
    features = features_of(columns.reshape(-1, LEARNED), found.means, found.request)
    scores = network.scores(features).reshape(len(SOURCES) + 1, -1)
    falls: Floats = np.maximum(scores[-1] - scores[:-1], 0).T
    falls[found.columns[places, HAD] == 0, FROM_REPEAT] = 0
    return falls
