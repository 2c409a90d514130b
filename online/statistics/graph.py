"""What both item graphs share: storage, decay, scores, and their snapshot."""

from abc import ABC, abstractmethod

import numpy as np
from numba import njit

from online.statistics.base import Floats, Observation, Query, Rows, best_rows
from online.statistics.decay import ForwardDecay
from online.statistics.edges import Edges, empty_edges, forget_targets

NORM_PRIOR = 5.0
"""Added to an item's mass before the square root: a rarely seen item's edges count for less."""


@njit(cache=True)
def graph_scores(edges: Edges, history: Rows, lag_weights: Floats, factor: float) -> Floats:
    """Sum over the history of lag * S[h, y] / sqrt(o(h) + 5) / sqrt(o(y) + 5), o being decayed masses.

    Returns:
        [capacity] float32.
    """
    scores = np.zeros(len(edges.mass), np.float32)
    for j in range(len(history)):
        source = history[j]
        if source < 0:
            continue
        scale = lag_weights[j] * factor / np.sqrt(edges.mass[source] * factor + NORM_PRIOR)
        for slot in range(edges.sizes[source]):
            scores[edges.neighbours[source, slot]] += scale * edges.weights[source, slot]
    return scores / np.sqrt(edges.mass * np.float32(factor) + np.float32(NORM_PRIOR))


class ItemGraph(ABC):
    """Decayed edges between items that users had one after the other.

    At most NEIGHBOUR_LIMIT neighbours are kept for an item; a new one replaces the weakest.
    """

    def __init__(self, capacity: int, half_life_s: float) -> None:
        self.edges = empty_edges(capacity)
        self._decay = ForwardDecay(half_life_s, (self.edges.weights, self.edges.mass))
        self._end = 0

    def fold(self, observed: Observation) -> None:
        """Learns one set; see the subclass for which edges."""
        if len(observed.rows) == 0:
            return
        self._end = max(self._end, int(observed.rows.max()) + 1, int(observed.history.max(initial=0)) + 1)
        self._connect(observed, self._decay.weight(observed.timestamp_s))

    @abstractmethod
    def _connect(self, observed: Observation, scale: float) -> None:
        """Adds the set's edges, each amount times `scale`."""

    def factor(self, now_s: float) -> float:
        """What turns a stored weight into its value at `now_s`."""
        return self._decay.factor(now_s)

    def candidates(self, query: Query, limit: int) -> Rows:
        """Neighbours of the history, best first."""
        scores = self._scores(query)
        rows = np.flatnonzero(scores).astype(np.int32)
        return best_rows(rows, scores[rows], limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """How strongly the history leads to each row; the formula is that of `graph_scores`."""
        return self._scores(query)[rows]

    def _scores(self, query: Query) -> Floats:
        found: Floats = graph_scores(self.edges, query.history, query.lag_weights, self.factor(query.now_s))
        return found

    def forget(self, rows: Rows) -> None:
        """Drops all edges from and to the rows."""
        forgotten = np.zeros(len(self.edges.mass), np.bool_)
        forgotten[rows] = True
        forget_targets(self.edges, forgotten, self._end)

    def save(self) -> dict[str, np.ndarray]:
        """The used part of every array."""
        saved = {name: getattr(self.edges, name)[: self._end].copy() for name in Edges._fields[:-1]}
        return saved | {"reference_s": np.array(self._decay.reference_s)}

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.edges.sizes[:] = 0
        self.edges.mass[:] = 0
        self._end = len(saved["mass"])
        for name in Edges._fields[:-1]:
            getattr(self.edges, name)[: self._end] = saved[name]
        self._decay.reference_s = float(saved["reference_s"])
