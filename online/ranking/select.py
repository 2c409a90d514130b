"""Which of the rows that were looked at are worth ranking, and all that is known of them."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.evidence import (
    ALL_TIME,
    BECAUSE,
    BECAUSE_PART,
    BLOCKED,
    CANDIDATE_LIMIT,
    CONTENT,
    FIRST_TIME,
    FORWARD,
    FORWARD_SUM,
    FREQUENCY,
    FREQUENCY_SUM,
    GRAPH,
    GRAPH_SUM,
    PART_SUM,
    RECENT,
    REPEAT,
    WANTED,
    Scratch,
)
from online.ranking.sources import (
    ALL_TIME_NOW,
    FIRST_TIME_NOW,
    GRAPH_NOW,
    RECENT_NOW,
    REPEATS_NOW,
    Sources,
)
from online.statistics.base import Floats
from online.statistics.content import cosine
from online.statistics.edges import Edges
from online.statistics.graph import target_norm
from online.statistics.repeats import repeat_share

GRAPH_CANDIDATES = 300
"""About this many of the graphs' best are ranked; the rest of thousands never reaches a list."""
LEVEL_SHIFT = 20
LEVELS = 1 << (31 - LEVEL_SHIFT)
"""A positive float's upper bits (exponent and three of the mantissa) grow with it: steps of an eighth."""


@njit(cache=True)
def select(
    sources: Sources, factors: NDArray[np.float64], profile: Floats, servable: NDArray[np.bool_]
) -> int:
    """Copies the candidates of the scratch into its rows and evidence, and completes the evidence.

    Returns:
        How many there are.
    """
    # Taken out of `sources` once: each look into it counts references, which would cost more than the rest.
    scratch, vectors, repeats = sources.scratch, sources.vectors, sources.repeats
    recent, all_time, first_time = sources.recent.counts, sources.all_time.counts, sources.first_time.counts
    rows, evidence, flags, sums = scratch.rows, scratch.evidence, scratch.flags, scratch.sums
    looked_at, because = scratch.looked_at, scratch.because
    least = _normalise(scratch, sources.graph, factors[GRAPH_NOW], servable)
    count = 0
    for place in range(scratch.size[0]):
        near = sums[place, GRAPH_SUM] + sums[place, FORWARD_SUM]
        if flags[place] & BLOCKED or (near < least and not flags[place] & WANTED):
            continue
        if count == CANDIDATE_LIMIT:
            break
        row = looked_at[place]
        rows[count] = row
        evidence[count, GRAPH] = sums[place, GRAPH_SUM]
        evidence[count, FORWARD] = sums[place, FORWARD_SUM]
        evidence[count, BECAUSE] = because[place]
        evidence[count, BECAUSE_PART] = sums[place, PART_SUM]
        evidence[count, RECENT] = recent[row] * factors[RECENT_NOW]
        evidence[count, ALL_TIME] = all_time[row] * factors[ALL_TIME_NOW]
        evidence[count, FIRST_TIME] = first_time[row] * factors[FIRST_TIME_NOW]
        frequency = sums[place, FREQUENCY_SUM]
        evidence[count, FREQUENCY] = frequency
        evidence[count, REPEAT] = repeat_share(repeats, row, factors[REPEATS_NOW]) if frequency > 0 else 0.0
        alike = len(profile) > 0 and vectors.present[row] and flags[place] & WANTED
        evidence[count, CONTENT] = max(cosine(vectors, row, profile), 0.0) if alike else 0.0
        count += 1
    return count


@njit(cache=True)
def _normalise(scratch: Scratch, graph: Edges, factor: float, servable: NDArray[np.bool_]) -> float:
    """Applies the targets' norms and blocks what is not servable.

    Returns:
        The graphs' score that about GRAPH_CANDIDATES rows reach; above zero.
    """
    sums, flags, looked_at = scratch.sums, scratch.flags, scratch.looked_at
    levels = np.zeros(LEVELS, np.int32)
    total = scratch.size[0]
    near = np.zeros(total, np.float32)
    for place in range(total):
        row = looked_at[place]
        if not servable[row]:
            flags[place] |= BLOCKED
        if flags[place] & BLOCKED:
            continue
        norm = np.float32(target_norm(graph, row, factor))
        sums[place, GRAPH_SUM] *= norm
        sums[place, PART_SUM] *= norm
        sums[place, FORWARD_SUM] *= norm
        near[place] = sums[place, GRAPH_SUM] + sums[place, FORWARD_SUM]
    bits = near.view(np.int32)
    for place in range(total):
        levels[bits[place] >> LEVEL_SHIFT] += 1
    level, reached = LEVELS - 1, 0
    while level > 1 and reached + levels[level] <= GRAPH_CANDIDATES:
        reached += levels[level]
        level -= 1
    lowest = np.full(1, level << LEVEL_SHIFT, np.int32)
    return float(lowest.view(np.float32)[0])
