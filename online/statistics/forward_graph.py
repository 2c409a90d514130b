"""Which items follow which."""

import numpy as np
from numba import njit

from online.statistics.base import Floats, Observation, Rows
from online.statistics.edges import Edges, add_edges
from online.statistics.graph import ItemGraph
from online.statistics.lags import LagDecay, lag_weights


@njit(cache=True)
def connect_forward(
    edges: Edges, rows: Rows, weights: Floats, history: Rows, lag_weights: Floats, scale: float
) -> None:
    """Adds lag_weights[j] * weights[i] * scale to the edge from history[j] to rows[i]."""
    for j in range(len(history)):
        if history[j] >= 0:
            add_edges(edges, history[j], rows, weights, scale * lag_weights[j])


class ForwardGraph(ItemGraph):
    """Transitions: from each of the last few items to what came next, decayed by lag and by time."""

    fold_lag = LagDecay(6, 0.5)
    score_lag = LagDecay(6, 0.8)

    def _connect(self, observed: Observation, scale: float) -> None:
        weights = lag_weights(observed.history_s, self.fold_lag)
        history = observed.history[: len(weights)]
        self.edges.counts[observed.rows] += np.float32(scale) * observed.weights
        scale /= np.sqrt(len(observed.rows))
        connect_forward(self.edges, observed.rows, observed.weights, history, weights, scale)
