"""Which items follow which."""

from online.statistics.graph import ItemGraph, connect_forward
from online.statistics.lags import LagDecay


class ForwardGraph(ItemGraph):
    """Transitions: from each of the last few items to what came next, decayed by lag and by time."""

    fold_lag = LagDecay(6, 0.5)
    score_lag = LagDecay(6, 0.8)
    connect = staticmethod(connect_forward)
