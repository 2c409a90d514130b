"""What is known of the candidates of one list: one row each, one column for each kind of evidence."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.catalogue import CATEGORY_SLOTS
from online.statistics.base import Floats, Rows

(
    BLEND, GRAPH, GRAPH_LAST, GRAPH_FEW, GRAPH_WIDE, GRAPH_MOST, SHORT, FORWARD, FORWARD_LAST, LINKS,
    RECENT, DAILY, HOURLY, ALL_TIME, FIRST_TIME, BY_LENGTH,
    FREQUENCY, TIMES, SINCE_HAD, SINCE_FIRST, AGE, IDLE, LABEL, LABEL_LAST,
    HAD, REPEAT, CATEGORY_REPEAT, DUE, OWN_DUE, RATING,
    CONTENT, CONTENT_LAST, TASTE, CATEGORY, CATEGORY_LAST, COLD,
    BECAUSE,
) = range(37)  # fmt: skip
"""Columns.

BLEND: the fixed blend's score. GRAPH, GRAPH_LAST, GRAPH_FEW, GRAPH_WIDE: what the symmetric graph says of the history,
of its last entry, its last three, and all of it. GRAPH_MOST: what one entry added at most to GRAPH. LINKS: how many
entries did. SHORT: of the graph with a short memory. FORWARD, FORWARD_LAST: of the forward graph.
RECENT, DAILY, HOURLY, ALL_TIME, FIRST_TIME: decayed counts. BY_LENGTH: of users with a history as long.
FREQUENCY: how often the user had it, decayed. TIMES: in how many sets. SINCE_HAD, SINCE_FIRST: days since the user had
it last and first. AGE, IDLE: days since anybody had it first and last.
LABEL, LABEL_LAST: how many times more of its category, or of one of its tags, is in what the user had, and lately, than
in what everybody had; of the one with most.
HAD: whether the user had it. REPEAT, CATEGORY_REPEAT: share of the events of the item and of its category that are
repeats. DUE, OWN_DUE: how much longer ago the user had it than it usually takes, and than this user usually takes, in
powers of two. RATING: above the mean.
CONTENT, CONTENT_LAST: cosine to the history and to its last entry, at least 0. TASTE: the logit of
`online.fusion.taste` above the mean of the candidates, 0 where nothing is learned. CATEGORY, CATEGORY_LAST: the share
of its category in what the user had, and lately. COLD: whether few had it yet.
BECAUSE: the place in the history that added most to GRAPH, or -1."""
LOGGED, LEARNED, COLUMNS = HAD, BECAUSE, BECAUSE + 1
"""Columns below LOGGED are amounts that spread over magnitudes, those below LEARNED are what a ranking learns from."""
WITNESSES = (
    [GRAPH, GRAPH_LAST, GRAPH_FEW, GRAPH_WIDE, GRAPH_MOST, SHORT, LINKS],
    [FORWARD, FORWARD_LAST],
    [CONTENT, CONTENT_LAST, TASTE, CATEGORY, CATEGORY_LAST, LABEL, LABEL_LAST],
    [FREQUENCY, TIMES, SINCE_HAD, SINCE_FIRST, HAD, REPEAT, CATEGORY_REPEAT, DUE, OWN_DUE],
    [RECENT, DAILY, HOURLY, ALL_TIME, FIRST_TIME, BY_LENGTH, AGE, IDLE, RATING, COLD],
)
"""The columns that each of `online.ranking.blend.SOURCES` speaks through."""
CANDIDATE_LIMIT = 2_048
"""Candidates that can be ranked: the best of each source need fewer."""


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
    """[capacity, SUMS] by place: GRAPH_SUM and so on."""
    because: NDArray[np.int32]
    """[capacity] by place: as the column BECAUSE."""
    categories: Floats
    """[CATEGORY_SLOTS, 2] all zero between lists; what the user had of each, and lately."""
    rows: Rows
    """[CANDIDATE_LIMIT] the candidates."""
    evidence: Floats
    """[CANDIDATE_LIMIT, COLUMNS]"""


(
    GRAPH_SUM, LAST_SUM, FEW_SUM, WIDE_SUM, SHORT_SUM, FORWARD_SUM, FORWARD_LAST_SUM,
    PART_SUM, FREQUENCY_SUM, TIMES_SUM, SINCE_HAD_DAYS, SINCE_FIRST_DAYS, LINKS_SUM, SUMS,
) = range(14)  # fmt: skip
BLOCKED, WANTED = 1, 2
"""May not be listed; is a candidate whatever the graphs say."""


def new_scratch(capacity: int) -> Scratch:
    """Scratch for lists over rows below `capacity`."""
    return Scratch(
        slots=np.zeros(capacity, np.int32),
        looked_at=np.zeros(capacity, np.int32),
        size=np.zeros(1, np.int64),
        flags=np.zeros(capacity, np.uint8),
        sums=np.zeros((capacity, SUMS), np.float32),
        because=np.zeros(capacity, np.int32),
        categories=np.zeros((CATEGORY_SLOTS, 2), np.float32),
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
        mark = new_place(scratch, row)
    scratch.flags[mark - 1] |= flag
    return int(mark - 1)


@njit(cache=True)
def new_place(scratch: Scratch, row: int) -> int:
    """The next place, plus 1, with nothing in it."""
    place = scratch.size[0]
    scratch.looked_at[place] = row
    scratch.size[0] = place + 1
    scratch.slots[row] = place + 1
    scratch.flags[place] = 0
    scratch.because[place] = -1
    for column in range(SUMS):
        scratch.sums[place, column] = 0.0
    return int(place + 1)


@njit(cache=True)
def clear(scratch: Scratch) -> None:
    """Makes the scratch ready for the next list."""
    for place in range(scratch.size[0]):
        scratch.slots[scratch.looked_at[place]] = 0
    scratch.size[0] = 0
