"""Which items follow which."""

import numpy as np
from numba import njit

from online.statistics.base import Floats, Observation, Rows
from online.statistics.edges import Edges, add_edges
from online.statistics.graph import ItemGraph


@njit(cache=True)
def connect_forward(
    edges: Edges, rows: Rows, weights: Floats, history: Rows, lag_weights: Floats, scale: float
) -> None:
    """Adds lag_weights[j] * weights[i] * scale to the edge from history[j] to rows[i]."""
    for j in range(len(history)):
        if history[j] >= 0:
            add_edges(edges, history[j], rows, weights, scale * lag_weights[j])


class ForwardGraph(ItemGraph):
    """Transitions: from each of the last items to what came next, decayed by lag and by time."""

    def _connect(self, observed: Observation, scale: float) -> None:
        connect_forward(
            self.edges,
            observed.rows,
            observed.weights,
            observed.history,
            observed.lag_weights,
            scale / np.sqrt(len(observed.rows)),
        )
