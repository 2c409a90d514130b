"""How much an entry of a history says, by how far back it lies."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats


class LagDecay(NamedTuple):
    """Entry j of a history (0: the last one) weighs decay ** j if j < limit, nothing otherwise."""

    limit: int
    decay: float


@njit(cache=True)
def lag_weights(history_s: NDArray[np.int64], lag: LagDecay) -> Floats:
    """One weight for each entry of a history that is most recent first.

    Entries of one time are one set; they share the mean of the weights of their places, because the order inside a
    set says nothing (in many streams it is that of the item ids). So all of a large set counts, or none of it.

    Returns:
        [n] float32, n being where the history ends or the weights become zero.
    """
    weights = np.empty(len(history_s), np.float32)
    begin = 0
    while begin < min(len(history_s), lag.limit):
        end = begin
        total = 0.0
        while end < len(history_s) and history_s[end] == history_s[begin]:
            if end < lag.limit:
                total += lag.decay**end
            end += 1
        weights[begin:end] = total / (end - begin)
        begin = end
    return weights[:begin]
