"""From one user's history to candidates with their evidence from every source, in one compiled pass."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.evidence import (
    ALL_TIME,
    BECAUSE,
    BECAUSE_PART,
    CONTENT,
    FIRST_TIME,
    FORWARD,
    FREQUENCY,
    GRAPH,
    RECENT,
    REPEAT,
    Scratch,
    admit,
    block,
    clear,
)
from online.ranking.sources import (
    ALL_TIME_NOW,
    FIRST_TIME_NOW,
    FORWARD_NOW,
    GRAPH_NOW,
    RECENT_NOW,
    REPEATS_NOW,
    Sources,
)
from online.statistics.base import Floats, Query, Rows
from online.statistics.content import COLD_BELOW, Vectors, cosine, nearest, profile_of
from online.statistics.edges import Edges
from online.statistics.forward_graph import ForwardGraph
from online.statistics.graph import NORM_PRIOR, edge_scale, target_norm
from online.statistics.lags import LagDecay, lag_weights
from online.statistics.popularity import Counts
from online.statistics.repeats import overall_share, repeat_share
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
        block(scratch, blocked[i])
    for i in range(len(query.had)):
        if hide_had:
            block(scratch, query.had[i])
        elif query.had[i] >= 0:
            mark = admit(scratch, servable, query.had[i])
            if mark > 0:
                scratch.evidence[mark - 1, FREQUENCY] += query.frequency[i]
    known = _walk(scratch, servable, sources.graph, query, GRAPH_LAG, factors[GRAPH_NOW], GRAPH)
    _walk(scratch, servable, sources.forward, query, FORWARD_LAG, factors[FORWARD_NOW], FORWARD)
    _admit_all(scratch, servable, sources.recent)
    _admit_all(scratch, servable, sources.first_time)
    _compare_content(scratch, servable, sources.vectors, query, known < THIN)
    count = scratch.counts[1]
    _complete(scratch, sources, factors, count)
    clear(scratch)
    return int(count), known, overall_share(sources.repeats, factors[REPEATS_NOW])


@njit(cache=True)
def _walk(
    scratch: Scratch,
    servable: NDArray[np.bool_],
    edges: Edges,
    query: Query,
    lag: LagDecay,
    factor: float,
    column: int,
) -> float:
    """Adds the history's edges to a column, and to GRAPH's the entry that said most.

    Returns:
        How much of the history, by its weights, the graph knows: mass / (mass + prior) of each entry.
    """
    neighbours, edge_weights = edges.neighbours, edges.weights
    slots, evidence = scratch.slots, scratch.evidence
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
        for slot in range(edges.sizes[item]):
            target = neighbours[item, slot]
            mark = slots[target]
            if mark == 0:
                mark = admit(scratch, servable, target)
            if mark < 0:
                continue
            part = scale * edge_weights[item, slot]
            evidence[mark - 1, column] += part
            if column == GRAPH and part > evidence[mark - 1, BECAUSE_PART]:
                evidence[mark - 1, BECAUSE_PART] = part
                evidence[mark - 1, BECAUSE] = j
    return known / total if total > 0 else 0.0


@njit(cache=True)
def _admit_all(scratch: Scratch, servable: NDArray[np.bool_], popularity: Counts) -> None:
    for i in range(popularity.size[0]):
        admit(scratch, servable, popularity.top[i])


@njit(cache=True)
def _compare_content(
    scratch: Scratch, servable: NDArray[np.bool_], vectors: Vectors, query: Query, search: bool
) -> None:
    """Adds the cosine to the history to new cold items and, where the graph knows little, to the nearest ones."""
    if vectors.end[0] == 0:
        return
    profile = profile_of(vectors, query.history, lag_weights(query.history_s, GRAPH_LAG))
    if not np.any(profile):
        return
    for i in range(len(vectors.pool)):
        row = vectors.pool[i]
        if row >= 0 and vectors.seen[row] < COLD_BELOW:
            _add_cosine(scratch, servable, vectors, row, profile)
    if search:
        found = nearest(vectors, profile)
        for i in range(len(found)):
            _add_cosine(scratch, servable, vectors, found[i], profile)


@njit(cache=True)
def _add_cosine(
    scratch: Scratch, servable: NDArray[np.bool_], vectors: Vectors, row: int, profile: Floats
) -> None:
    near = cosine(vectors, row, profile)
    if near > 0:
        mark = admit(scratch, servable, row)
        if mark > 0:
            scratch.evidence[mark - 1, CONTENT] = near


@njit(cache=True)
def _complete(scratch: Scratch, sources: Sources, factors: NDArray[np.float64], count: int) -> None:
    """Applies the graphs' norms and fills in what is known of a candidate whichever source named it."""
    evidence = scratch.evidence
    for place in range(count):
        row = scratch.rows[place]
        norm = target_norm(sources.graph, row, factors[GRAPH_NOW])
        evidence[place, GRAPH] *= norm
        evidence[place, BECAUSE_PART] *= norm
        evidence[place, FORWARD] *= target_norm(sources.forward, row, factors[FORWARD_NOW])
        evidence[place, RECENT] = sources.recent.counts[row] * factors[RECENT_NOW]
        evidence[place, ALL_TIME] = sources.all_time.counts[row] * factors[ALL_TIME_NOW]
        evidence[place, FIRST_TIME] = sources.first_time.counts[row] * factors[FIRST_TIME_NOW]
        if evidence[place, FREQUENCY] > 0:
            evidence[place, REPEAT] = repeat_share(sources.repeats, row, factors[REPEATS_NOW])
