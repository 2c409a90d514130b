"""Which of the rows that were looked at are worth ranking, and all that is known of them."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.describe import describe
from online.ranking.evidence import (
    BLOCKED,
    FORWARD_LAST_SUM,
    FORWARD_SUM,
    FREQUENCY_SUM,
    GRAPH_SUM,
    PART_SUM,
    SHORT_SUM,
    WANTED,
    WIDE_SUM,
    Scratch,
)
from online.ranking.sources import Sources
from online.statistics.base import Floats, Query
from online.statistics.edges import Edges
from online.statistics.folding import GRAPH_NOW, SHORT_NOW
from online.statistics.graph import target_norm

QUOTAS = ((GRAPH_SUM, 150), (WIDE_SUM, 60), (SHORT_SUM, 60), (FORWARD_SUM, 60), (FREQUENCY_SUM, 300))
"""About this many of each source's best are ranked; the rest of thousands never reaches a list."""
HURRIED_SHARE = 0.25
"""Of every quota, and of what is popular, in a list that is made in a hurry."""
LEVEL_SHIFT = 20
LEVELS = 1 << (31 - LEVEL_SHIFT)
"""A positive float's upper bits (exponent and three of the mantissa) grow with it: steps of an eighth."""


@njit(cache=True)
def select(
    sources: Sources,
    factors: NDArray[np.float64],
    query: Query,
    profile: Floats,
    liked: Floats,
    servable: NDArray[np.bool_],
    share: float,
) -> int:
    """Copies the candidates of the scratch into its rows and evidence: this share of each quota.

    Returns:
        How many there are.
    """
    scratch = sources.scratch
    _normalise(scratch, sources.graph, factors[GRAPH_NOW], servable, GRAPH_SUM, WIDE_SUM)
    _normalise(scratch, sources.short, factors[SHORT_NOW], servable, SHORT_SUM, SHORT_SUM)
    _normalise(scratch, sources.graph, factors[GRAPH_NOW], servable, FORWARD_SUM, FORWARD_LAST_SUM)
    for column, quota in QUOTAS:
        want_best(scratch, column, int(quota * share))
    return describe(sources, factors, query, profile, liked)


@njit(cache=True)
def _normalise(
    scratch: Scratch, graph: Edges, factor: float, servable: NDArray[np.bool_], first: int, last: int
) -> None:
    """Applies the targets' norms to the columns from `first` to `last`, and blocks what is not servable."""
    sums, flags, looked_at = scratch.sums, scratch.flags, scratch.looked_at
    for place in range(scratch.size[0]):
        row = looked_at[place]
        if not servable[row]:
            flags[place] |= BLOCKED
        if flags[place] & BLOCKED or sums[place, first] + sums[place, last] == 0:
            continue
        norm = np.float32(target_norm(graph, row, factor))
        for column in range(first, last + 1):
            sums[place, column] *= norm
        if first == GRAPH_SUM:
            sums[place, PART_SUM] *= norm


@njit(cache=True)
def want_best(scratch: Scratch, column: int, quota: int) -> None:
    """Wants the rows with the largest sums in a column: whole levels of magnitude, and of the next what still fits."""
    sums, flags = scratch.sums, scratch.flags
    total = scratch.size[0]
    near = np.zeros(total, np.float32)
    for place in range(total):
        if not flags[place] & BLOCKED:
            near[place] = sums[place, column]
    bits = near.view(np.int32)
    levels = np.zeros(LEVELS, np.int32)
    for place in range(total):
        levels[bits[place] >> LEVEL_SHIFT] += 1
    level, reached = LEVELS - 1, 0
    while level > 0 and reached + levels[level] <= quota:
        reached += levels[level]
        level -= 1
    room = quota - reached
    for place in range(total):
        found = bits[place] >> LEVEL_SHIFT
        if near[place] > 0 and (found > level or (found == level and room > 0)):
            flags[place] |= WANTED
            room -= found == level
