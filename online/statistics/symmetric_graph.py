"""Items that the same users had near one another, in either order."""

import numpy as np
from numba import njit

from online.statistics.base import Floats, Observation, Rows
from online.statistics.edges import Edges, add_edges
from online.statistics.graph import ItemGraph
from online.statistics.lags import LagDecay, lag_weights


@njit(cache=True)
def connect_both_ways(
    edges: Edges, rows: Rows, weights: Floats, history: Rows, lag_weights: Floats, scale: float
) -> None:
    """Adds lag_weights[j] * weights[i] * scale to the edges history[j] - rows[i], in both directions."""
    for j in range(len(history)):
        if history[j] >= 0:
            add_edges(edges, history[j], rows, weights, scale * lag_weights[j])
    for i in range(len(rows)):
        add_edges(edges, rows[i], history, lag_weights, scale * weights[i])


class SymmetricGraph(ItemGraph):
    """The best single statistic on films: S[x, i] = S[i, x], decayed by lag and by time.

    A set of m items adds 1 / sqrt(m) for each, so that a large basket does not drown the small ones, and no edges
    among its own items. What was learned from the last 30 items is asked with the last 16, more steeply weighted:
    on films that beats one decay for both (.216 against .205 HR@10).
    """

    fold_lag = LagDecay(30, 0.92)
    score_lag = LagDecay(16, 0.8)

    def _connect(self, observed: Observation, scale: float) -> None:
        weights = lag_weights(observed.history_s, self.fold_lag)
        history = observed.history[: len(weights)]
        self.edges.counts[observed.rows] += np.float32(scale) * observed.weights
        scale /= np.sqrt(len(observed.rows))
        connect_both_ways(self.edges, observed.rows, observed.weights, history, weights, scale)
