"""Each item of a user once: what one user does again and again says nothing new of what goes with what."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Observation, Rows


@njit(cache=True)
def first_places(history: Rows) -> NDArray[np.bool_]:
    """[h] whether no entry before it is of the same row."""
    is_first = np.ones(len(history), np.bool_)
    for place in range(len(history)):
        for before in range(place):
            if history[before] == history[place]:
                is_first[place] = False
                break
    return is_first


def once(observed: Observation) -> Observation:
    """The set without what the user had before, after a history in which each item has its most recent place only.

    So a user adds to an item's neighbours once with the item, and once with each item that came after it. Otherwise a
    bot that has its item after everything it does ties it to everything, each time more.
    """
    is_first = first_places(observed.history)
    is_new = ~observed.is_repeat
    return observed._replace(
        rows=observed.rows[is_new],
        weights=observed.weights[is_new],
        is_repeat=observed.is_repeat[is_new],
        gap_s=observed.gap_s[is_new],
        ratings=observed.ratings[is_new],
        history=observed.history[is_first],
        history_s=observed.history_s[is_first],
    )
