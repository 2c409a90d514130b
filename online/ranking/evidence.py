"""What is known of the candidates of one list: one row each, one column for each kind of evidence."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Rows

GRAPH, FORWARD, CONTENT, RECENT, ALL_TIME, FIRST_TIME, FREQUENCY, REPEAT, BECAUSE, BECAUSE_PART = range(10)
"""Columns.

GRAPH, FORWARD: as `online.statistics.graph.graph_scores`. CONTENT: cosine to the history, at least 0. RECENT,
ALL_TIME, FIRST_TIME: decayed counts. FREQUENCY: how often the user had it, decayed. REPEAT: the item's repeat share.
BECAUSE: the place in the history that added most to GRAPH, or -1. BECAUSE_PART: how much of GRAPH it added."""
COLUMNS = 10
CANDIDATE_LIMIT = 4_096
"""Candidates that can be ranked: the graphs' best, all the user had, trends and content need fewer."""


class Scratch(NamedTuple):
    """Arrays that are used again for every list."""

    slots: NDArray[np.int32]
    """[capacity] all zero between lists; the place of a row that was looked at, plus 1."""
    looked_at: Rows
    """[capacity] the rows looked at, by place."""
    size: NDArray[np.int64]
    """[1] how many."""
    flags: NDArray[np.uint8]
    """[capacity] by place: BLOCKED, WANTED or both."""
    sums: Floats
    """[capacity, 4] by place: GRAPH_SUM and so on."""
    because: NDArray[np.int32]
    """[capacity] by place: as the column BECAUSE."""
    rows: Rows
    """[CANDIDATE_LIMIT] the candidates."""
    evidence: Floats
    """[CANDIDATE_LIMIT, COLUMNS]"""


GRAPH_SUM, FORWARD_SUM, PART_SUM, FREQUENCY_SUM = range(4)
BLOCKED, WANTED = 1, 2
"""May not be listed; is a candidate whatever the graphs say."""


def new_scratch(capacity: int) -> Scratch:
    """Scratch for lists over rows below `capacity`."""
    return Scratch(
        slots=np.zeros(capacity, np.int32),
        looked_at=np.zeros(capacity, np.int32),
        size=np.zeros(1, np.int64),
        flags=np.zeros(capacity, np.uint8),
        sums=np.zeros((capacity, 4), np.float32),
        because=np.zeros(capacity, np.int32),
        rows=np.zeros(CANDIDATE_LIMIT, np.int32),
        evidence=np.zeros((CANDIDATE_LIMIT, COLUMNS), np.float32),
    )


@njit(cache=True)
def look_at(scratch: Scratch, row: int, flag: int) -> int:
    """Gives a row a place, with a flag.

    Returns:
        The place.
    """
    mark = scratch.slots[row]
    if mark == 0:
        mark = new_place(scratch.slots, scratch.looked_at, scratch.size, row)
        place = mark - 1
        scratch.flags[place] = 0
        scratch.because[place] = -1
        for column in range(4):
            scratch.sums[place, column] = 0.0
    scratch.flags[mark - 1] |= flag
    return int(mark - 1)


@njit(cache=True)
def new_place(slots: NDArray[np.int32], looked_at: Rows, count: NDArray[np.int64], row: int) -> int:
    """The next place, plus 1; what is stored by place still has to be cleared."""
    looked_at[count[0]] = row
    count[0] += 1
    slots[row] = count[0]
    return int(count[0])


@njit(cache=True)
def clear(scratch: Scratch) -> None:
    """Makes the scratch ready for the next list."""
    for place in range(scratch.size[0]):
        scratch.slots[scratch.looked_at[place]] = 0
    scratch.size[0] = 0
