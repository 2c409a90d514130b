"""Which items follow which."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Rows
from online.statistics.edges import Edges, add_edges
from online.statistics.graph import ItemGraph, counted
from online.statistics.lags import LagDecay, lag_weights


@njit(cache=True)
def connect_forward(
    edges: Edges,
    rows: Rows,
    weights: Floats,
    history: Rows,
    history_s: NDArray[np.int64],
    lag: LagDecay,
    scale: float,
) -> None:
    """Counts the set, and adds lag weight of j * weights[i] * scale to the edge from history[j] to rows[i]."""
    scale = counted(edges, rows, weights, scale)
    lags = lag_weights(history_s, lag)
    for j in range(len(lags)):
        if history[j] >= 0:
            add_edges(edges, history[j], rows, weights, scale * lags[j])


class ForwardGraph(ItemGraph):
    """Transitions: from each of the last few items to what came next, decayed by lag and by time."""

    fold_lag = LagDecay(6, 0.5)
    score_lag = LagDecay(6, 0.8)
    connect = staticmethod(connect_forward)
