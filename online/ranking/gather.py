"""From one user's history to candidates with their evidence from every source, in one compiled pass."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.evidence import (
    BLOCKED,
    FORWARD_SUM,
    FREQUENCY_SUM,
    GRAPH_SUM,
    PART_SUM,
    WANTED,
    Scratch,
    clear,
    look_at,
    new_place,
)
from online.ranking.select import select
from online.ranking.sources import FORWARD_NOW, GRAPH_NOW, REPEATS_NOW, Sources
from online.statistics.base import Floats, Query, Rows
from online.statistics.content import COLD_BELOW, Vectors, cosine, nearest, profile_of
from online.statistics.edges import Edges
from online.statistics.forward_graph import ForwardGraph
from online.statistics.graph import NORM_PRIOR, edge_scale
from online.statistics.lags import LagDecay, lag_weights
from online.statistics.popularity import Counts
from online.statistics.repeats import overall_share
from online.statistics.symmetric_graph import SymmetricGraph

GRAPH_LAG, FORWARD_LAG = SymmetricGraph.score_lag, ForwardGraph.score_lag
THIN = 0.5
"""A user whose history the graph knows less than this share of is compared with all items by content."""


@njit(cache=True)
def gather(
    sources: Sources,
    factors: NDArray[np.float64],
    query: Query,
    blocked: Rows,
    hide_had: bool,
    servable: NDArray[np.bool_],
) -> tuple[int, float, float]:
    """Collects candidates and evidence into the scratch.

    Args:
        sources: See `online.ranking.sources`; what its scratch held is overwritten.
        factors: [6] what turns each statistic's stored sums into values at the time of the list.
        query: The user.
        blocked: [b] rows that may not be in the list; -1 is skipped.
        hide_had: Whether what the user had may not be in the list either.
        servable: [capacity] which rows may be in any list.

    Returns:
        How many candidates there are; how much of the history the graph knows, from 0 to 1; and the share of
        the stream's events that are repeats.
    """
    scratch = sources.scratch
    for i in range(len(blocked)):
        if blocked[i] >= 0:
            look_at(scratch, blocked[i], BLOCKED)
    for i in range(len(query.had)):
        if query.had[i] >= 0:
            place = look_at(scratch, query.had[i], BLOCKED if hide_had else WANTED)
            scratch.sums[place, FREQUENCY_SUM] += query.frequency[i]
    known = _walk(scratch, sources.graph, query, GRAPH_LAG, factors[GRAPH_NOW], GRAPH_SUM)
    _walk(scratch, sources.forward, query, FORWARD_LAG, factors[FORWARD_NOW], FORWARD_SUM)
    _want_top(scratch, sources.recent)
    _want_top(scratch, sources.first_time)
    profile = _want_alike(scratch, sources.vectors, query, known < THIN)
    count = select(sources, factors, profile, servable)
    clear(scratch)
    return count, known, overall_share(sources.repeats, factors[REPEATS_NOW])


@njit(cache=True)
def _walk(scratch: Scratch, edges: Edges, query: Query, lag: LagDecay, factor: float, column: int) -> float:
    """Adds the history's edges to a column of the sums, and notes of the symmetric graph which entry said most.

    Returns:
        How much of the history, by its weights, the graph knows: mass / (mass + prior) of each entry.
    """
    neighbours, edge_weights, sizes = edges.neighbours, edges.weights, edges.sizes
    slots, looked_at, count = scratch.slots, scratch.looked_at, scratch.size
    flags, sums, because = scratch.flags, scratch.sums, scratch.because
    weights = lag_weights(query.history_s, lag)
    known, total = 0.0, 0.0
    for j in range(len(weights)):
        item = query.history[j]
        total += weights[j]
        if item < 0:
            continue
        mass = edges.mass[item] * factor
        known += weights[j] * mass / (mass + NORM_PRIOR)
        scale = np.float32(edge_scale(edges, item, weights[j], factor))
        for slot in range(sizes[item]):
            target = neighbours[item, slot]
            mark = slots[target]
            if mark == 0:
                mark = new_place(slots, looked_at, count, target)
                flags[mark - 1] = 0
                because[mark - 1] = -1
                sums[mark - 1, 0] = sums[mark - 1, 1] = sums[mark - 1, 2] = sums[mark - 1, 3] = 0.0
            part = scale * edge_weights[item, slot]
            sums[mark - 1, column] += part
            if column == GRAPH_SUM and part > sums[mark - 1, PART_SUM]:
                sums[mark - 1, PART_SUM] = part
                because[mark - 1] = j
    return known / total if total > 0 else 0.0


@njit(cache=True)
def _want_top(scratch: Scratch, popularity: Counts) -> None:
    for i in range(popularity.size[0]):
        look_at(scratch, popularity.top[i], WANTED)


@njit(cache=True)
def _want_alike(scratch: Scratch, vectors: Vectors, query: Query, search: bool) -> Floats:
    """Makes new cold items candidates and, where the graph knows little, the ones most like the history.

    Returns:
        The history's direction, [dim], or nothing, [0].
    """
    nothing = np.zeros(0, np.float32)
    if vectors.end[0] == 0 or len(query.history) == 0:
        return nothing
    profile = profile_of(vectors, query.history, lag_weights(query.history_s, GRAPH_LAG))
    if not np.any(profile):
        return nothing
    for i in range(len(vectors.pool)):
        row = vectors.pool[i]
        if row >= 0 and vectors.seen[row] < COLD_BELOW:
            _want_if_alike(scratch, vectors, row, profile)
    if search:
        found = nearest(vectors, profile)
        for i in range(len(found)):
            _want_if_alike(scratch, vectors, found[i], profile)
    return profile


@njit(cache=True)
def _want_if_alike(scratch: Scratch, vectors: Vectors, row: int, profile: Floats) -> None:
    if cosine(vectors, row, profile) > 0:
        look_at(scratch, row, WANTED)
