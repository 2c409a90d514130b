"""What of a set says something new: what a user does with the same item again soon after does not.

So however often one user has an item, statistics hear of it at most once in so much time: bots that push an item after
everything they do neither make it popular nor tie it to everything, and do not pass for people who have things again.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Observation, Rows


@njit(cache=True)
def tells(history: Rows, history_s: NDArray[np.int64], pause_s: float) -> NDArray[np.bool_]:
    """[h] whether an entry is that of an item which the user had not had for so long.

    Of several within that time the first one stays: were it the last one, an item that is pushed after everything
    would always be what was had just before.
    """
    found = np.ones(len(history), np.bool_)
    for place in range(len(history)):
        for earlier in range(place + 1, len(history)):
            if history[earlier] == history[place]:
                found[place] = history_s[place] - history_s[earlier] >= pause_s
                break
    return found


def teaching(observed: Observation, pause_s: float) -> Observation:
    """The set, and the history before it, without what the user had had less than `pause_s` before."""
    is_new = ~observed.is_repeat | (observed.gap_s >= pause_s)
    is_told = tells(observed.history, observed.history_s, pause_s)
    return observed._replace(
        rows=observed.rows[is_new],
        weights=observed.weights[is_new],
        is_repeat=observed.is_repeat[is_new],
        gap_s=observed.gap_s[is_new],
        ratings=observed.ratings[is_new],
        history=observed.history[is_told],
        history_s=observed.history_s[is_told],
    )
