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


class Scratch(NamedTuple):
    """Arrays that are used again for every list."""

    slots: NDArray[np.int32]
    """[capacity] all zero between lists; a candidate's place plus 1, or -1 for a row that may not be listed."""
    seen: Rows
    """[limit] rows whose slot is set, to be cleared in the end."""
    rows: Rows
    """[limit] the candidates."""
    evidence: Floats
    """[limit, COLUMNS]"""
    counts: NDArray[np.int64]
    """[2] how many rows are in `seen`, and how many in `rows`."""


def new_scratch(capacity: int, limit: int) -> Scratch:
    """Scratch for lists that look at `limit` rows at most; what comes later is not looked at."""
    return Scratch(
        np.zeros(capacity, np.int32),
        np.zeros(limit, np.int32),
        np.zeros(limit, np.int32),
        np.zeros((limit, COLUMNS), np.float32),
        np.zeros(2, np.int64),
    )


@njit(cache=True)
def admit(scratch: Scratch, servable: NDArray[np.bool_], row: int) -> int:
    """Makes a row a candidate if it may be one.

    Returns:
        Its place plus 1, or -1.
    """
    slot = scratch.slots[row]
    if slot != 0:
        return int(slot)
    seen, count = scratch.counts[0], scratch.counts[1]
    if seen == len(scratch.seen):
        return -1
    scratch.seen[seen] = row
    scratch.counts[0] = seen + 1
    if not servable[row]:
        scratch.slots[row] = -1
        return -1
    scratch.slots[row] = count + 1
    scratch.rows[count] = row
    for column in range(COLUMNS):
        scratch.evidence[count, column] = 0.0
    scratch.evidence[count, BECAUSE] = -1.0
    scratch.counts[1] = count + 1
    return int(count + 1)


@njit(cache=True)
def block(scratch: Scratch, row: int) -> None:
    """Keeps a row out of this list; an unknown one (-1) is out of it anyway."""
    if row >= 0 and scratch.slots[row] == 0 and scratch.counts[0] < len(scratch.seen):
        scratch.slots[row] = -1
        scratch.seen[scratch.counts[0]] = row
        scratch.counts[0] += 1


@njit(cache=True)
def clear(scratch: Scratch) -> None:
    """Zeroes the slots that are set."""
    for i in range(scratch.counts[0]):
        scratch.slots[scratch.seen[i]] = 0
    scratch.counts[:] = 0
