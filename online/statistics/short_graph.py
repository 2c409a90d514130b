"""What is had together just now: a graph that forgets within weeks."""

from online.statistics.lags import LagDecay
from online.statistics.symmetric_graph import SymmetricGraph


class ShortGraph(SymmetricGraph):
    """The symmetric graph over the last few items alone, for a short half-life."""

    fold_lag = LagDecay(5, 0.5)
    score_lag = LagDecay(16, 0.8)
