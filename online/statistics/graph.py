"""What the item graphs share: storage, decay, scores, and their snapshot."""

import math
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Observation, Query, Rows, best_rows, used_end
from online.statistics.decay import ForwardDecay
from online.statistics.edges import Edges, add_edges, empty_edges, forget_targets
from online.statistics.lags import LagDecay, lag_weights

NORM_PRIOR = 10.0
"""Added to masses and counts before the square root: a rarely seen item's edges count for less."""


@njit(cache=True)
def edge_scale(edges: Edges, source: int, lag_weight: float, factor: float) -> float:
    """What to multiply a source's stored weights with: lag / sqrt(o(h) + prior), decayed to now."""
    return float(lag_weight * factor / np.sqrt(edges.mass[source] * factor + NORM_PRIOR))


@njit(cache=True)
def target_norm(edges: Edges, target: int, factor: float) -> float:
    """1 / sqrt(n(y) + prior): popular items are everybody's neighbours."""
    return float(1.0 / np.sqrt(edges.counts[target] * factor + NORM_PRIOR))


@njit(cache=True)
def graph_scores(
    edges: Edges, history: Rows, history_s: NDArray[np.int64], lag: LagDecay, factor: float
) -> Floats:
    """Sum over the history of lag_j * S[h_j, y] / sqrt(o(h_j) + 10) / sqrt(n(y) + 10), all decayed to now.

    S are edge weights, o(h) is all the weight that h's edges were given and n(y) how often y was had.

    Returns:
        [capacity] float32.
    """
    scores = np.zeros(len(edges.mass), np.float32)
    weights = lag_weights(history_s, lag)
    for j in range(len(weights)):
        source = history[j]
        if source < 0:
            continue
        scale = edge_scale(edges, source, weights[j], factor)
        for slot in range(edges.sizes[source]):
            target = edges.neighbours[source, slot]
            scores[target] += scale * edges.weights[source, slot] * target_norm(edges, target, factor)
    return scores


@njit(cache=True)
def connect_forward(
    edges: Edges,
    rows: Rows,
    weights: Floats,
    history: Rows,
    history_s: NDArray[np.int64],
    lag: LagDecay,
    scale: float,
) -> tuple[float, Floats]:
    """Counts the set, and adds lag weight of j * weights[i] * scale to the edge from history[j] to rows[i].

    Returns:
        The scale of the set's edges, which is smaller the larger the set is, and the lag weights.
    """
    for i in range(len(rows)):
        edges.counts[rows[i]] += np.float32(scale) * weights[i]
    scale /= math.sqrt(len(rows))
    lags = lag_weights(history_s, lag)
    for j in range(len(lags)):
        if history[j] >= 0:
            add_edges(edges, history[j], rows, weights, scale * lags[j])
    return scale, lags


class ItemGraph:
    """Decayed edges between items that users had one after the other.

    At most NEIGHBOUR_LIMIT neighbours are kept for an item; a new one replaces the weakest.
    """

    fold_lag: LagDecay
    """How a history is weighted when edges are added."""
    score_lag: LagDecay
    """How it is weighted when candidates are scored."""
    connect: Callable[[Edges, Rows, Floats, Rows, NDArray[np.int64], LagDecay, float], object]
    """Counts a set and adds its edges, each amount times the last argument."""

    def __init__(self, capacity: int, half_life_s: float) -> None:
        self.edges = empty_edges(capacity)
        self.decay = ForwardDecay(half_life_s, (self.edges.weights, self.edges.mass, self.edges.counts))

    def fold(self, observed: Observation) -> None:
        """Learns one set; see `connect` of the subclass for which edges."""
        if len(observed.rows) == 0:
            return
        rows, history, scale = observed.rows, observed.history, self.decay.weight(observed.timestamp_s)
        self.connect(self.edges, rows, observed.weights, history, observed.history_s, self.fold_lag, scale)

    def candidates(self, query: Query, limit: int) -> Rows:
        """Neighbours of the history, best first."""
        scores = self._scores(query)
        rows = np.flatnonzero(scores).astype(np.int32)
        return best_rows(rows, scores[rows], limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """How strongly the history leads to each row; the formula is that of `graph_scores`."""
        return self._scores(query)[rows]

    def _scores(self, query: Query) -> Floats:
        factor = self.decay.factor(query.now_s)
        found: Floats = graph_scores(self.edges, query.history, query.history_s, self.score_lag, factor)
        return found

    def forget(self, rows: Rows) -> None:
        """Drops all edges from and to the rows."""
        forgotten = np.zeros(len(self.edges.mass), np.bool_)
        forgotten[rows] = True
        forget_targets(self.edges, forgotten, self._end())

    def save(self) -> dict[str, np.ndarray]:
        """The used part of every array."""
        end = self._end()
        saved = {name: getattr(self.edges, name)[:end].copy() for name in Edges._fields[:-1]}
        return saved | {"reference_s": np.array(self.decay.reference_s)}

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        end = len(saved["mass"])
        for name in Edges._fields[:-1]:
            array = getattr(self.edges, name)
            array[:end] = saved[name]
            if array.ndim == 1:
                array[end:] = 0
        self.decay.reference_s = float(saved["reference_s"])

    def _end(self) -> int:
        """Every row that anything is known of is below this."""
        used = (self.edges.sizes > 0) | (self.edges.counts > 0)
        return used_end(used)
