"""From one user's history to candidates with their evidence from every source, in one compiled pass."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Query, Rows
from online.statistics.edges import NEIGHBOUR_LIMIT, Edges
from online.statistics.graph import NORM_PRIOR
from online.statistics.repeats import repeat_share

GRAPH, FORWARD, RECENT, ALL_TIME, FIRST_TIME, CONTENT, FREQUENCY, REPEAT, BECAUSE, BECAUSE_SHARE = range(10)
"""Columns of the evidence.

GRAPH and FORWARD: as `graph_scores`. RECENT, ALL_TIME, FIRST_TIME: decayed counts. CONTENT: cosine to the profile.
FREQUENCY: the user's decayed count. REPEAT: the item's repeat share. BECAUSE: the place in the history that
contributed most to GRAPH, -1 for none; BECAUSE_SHARE: its part of GRAPH."""
COLUMNS = 10


class Sources(NamedTuple):
    """The statistics' arrays and decay factors, as compiled code takes them."""

    graph: Edges
    graph_factor: float
    forward: Edges
    forward_factor: float
    recent: NDArray[np.float64]
    recent_top: Rows
    recent_factor: float
    all_time: NDArray[np.float64]
    first_time: NDArray[np.float64]
    first_time_top: Rows
    first_time_factor: float
    repeat_counts: Floats
    repeat_total: Floats
    repeat_factor: float


class Scratch(NamedTuple):
    """Arrays used again for every list."""

    slots: NDArray[np.int32]
    """[capacity] all zero between calls; a candidate's place plus 1, or -1 where a row may not be listed."""
    seen: Rows
    """[limit] rows whose slot has been set, to be cleared afterwards."""
    rows: Rows
    """[limit] candidates."""
    evidence: Floats
    """[limit, COLUMNS]"""
    counts: NDArray[np.int64]
    """[2] how many are seen, and how many of them are candidates."""


def new_scratch(capacity: int, limit: int) -> Scratch:
    """Scratch for lists with at most `limit` rows looked at."""
    return Scratch(
        np.zeros(capacity, np.int32),
        np.zeros(limit, np.int32),
        np.zeros(limit, np.int32),
        np.zeros((limit, COLUMNS), np.float32),
        np.zeros(2, np.int64),
    )


@njit(cache=True)
def admit(scratch: Scratch, servable: NDArray[np.bool_], row: int) -> int:
    """The row's place among the candidates, -1 if it may not be one."""
    slot = scratch.slots[row]
    if slot != 0:
        return int(slot - 1 if slot > 0 else -1)
    seen, count = scratch.counts
    if seen == len(scratch.seen):
        return -1
    scratch.seen[seen] = row
    scratch.counts[0] = seen + 1
    if not servable[row]:
        scratch.slots[row] = -1
        return -1
    scratch.slots[row] = count + 1
    scratch.rows[count] = row
    scratch.evidence[count] = 0.0
    scratch.evidence[count, BECAUSE] = -1.0
    scratch.counts[1] = count + 1
    return int(count)


@njit(cache=True)
def block(scratch: Scratch, row: int) -> None:
    """Keeps a row out of this list."""
    if row >= 0 and scratch.slots[row] == 0 and scratch.counts[0] < len(scratch.seen):
        scratch.slots[row] = -1
        scratch.seen[scratch.counts[0]] = row
        scratch.counts[0] += 1


@njit(cache=True)
def walk_graph(
    scratch: Scratch, servable: NDArray[np.bool_], edges: Edges, query: Query, factor: float
) -> None:
    """Adds each neighbour of the history to GRAPH and notes which history entry said most."""
    for j in range(len(query.history)):
        source = query.history[j]
        if source < 0:
            continue
        scale = query.lag_weights[j] * factor / np.sqrt(edges.mass[source] * factor + NORM_PRIOR)
        for slot in range(edges.sizes[source]):
            place = admit(scratch, servable, edges.neighbours[source, slot])
            if place < 0:
                continue
            part = np.float32(scale * edges.weights[source, slot])
            evidence = scratch.evidence[place]
            evidence[GRAPH] += part
            if part > evidence[BECAUSE_SHARE]:
                evidence[BECAUSE_SHARE] = part
                evidence[BECAUSE] = j


@njit(cache=True)
def walk_forward(
    scratch: Scratch, servable: NDArray[np.bool_], edges: Edges, query: Query, factor: float
) -> None:
    """Adds each successor of the history to FORWARD."""
    for j in range(len(query.history)):
        source = query.history[j]
        if source < 0:
            continue
        scale = query.lag_weights[j] * factor / np.sqrt(edges.mass[source] * factor + NORM_PRIOR)
        for slot in range(edges.sizes[source]):
            place = admit(scratch, servable, edges.neighbours[source, slot])
            if place >= 0:
                scratch.evidence[place, FORWARD] += np.float32(scale * edges.weights[source, slot])


@njit(cache=True)
def complete(scratch: Scratch, sources: Sources) -> None:
    """Fills in what is known of a candidate whichever source named it, and the graphs' norms."""
    for place in range(scratch.counts[1]):
        row = scratch.rows[place]
        evidence = scratch.evidence[place]
        if evidence[GRAPH] > 0:
            evidence[BECAUSE_SHARE] /= evidence[GRAPH]
        evidence[GRAPH] /= np.sqrt(sources.graph.mass[row] * sources.graph_factor + NORM_PRIOR)
        evidence[FORWARD] /= np.sqrt(sources.graph.mass[row] * sources.graph_factor + NORM_PRIOR)
        evidence[RECENT] = sources.recent[row] * sources.recent_factor
        evidence[ALL_TIME] = sources.all_time[row]
        evidence[FIRST_TIME] = sources.first_time[row] * sources.first_time_factor
        if evidence[FREQUENCY] > 0:
            evidence[REPEAT] = repeat_share(
                sources.repeat_counts, sources.repeat_total, row, sources.repeat_factor
            )


@njit(cache=True)
def gather(
    scratch: Scratch,
    sources: Sources,
    query: Query,
    blocked: Rows,
    hide_had: bool,
    servable: NDArray[np.bool_],
) -> int:
    """Collects candidates and evidence into the scratch.

    Args:
        scratch: Whatever it holds is overwritten.
        sources: The statistics.
        query: The user.
        blocked: [b] rows that may not be in the list.
        hide_had: Whether what the user had may not be in the list.
        servable: [capacity] which rows may be in any list.

    Returns:
        How many candidates there are.
    """
    scratch.counts[:] = 0
    for i in range(len(blocked)):
        block(scratch, blocked[i])
    for i in range(len(query.had)):
        if query.had[i] < 0:
            continue
        if hide_had:
            block(scratch, query.had[i])
        else:
            place = admit(scratch, servable, query.had[i])
            if place >= 0:
                scratch.evidence[place, FREQUENCY] = query.frequency[i]
    walk_graph(scratch, servable, sources.graph, query, sources.graph_factor)
    walk_forward(scratch, servable, sources.forward, query, sources.forward_factor)
    for i in range(len(sources.recent_top)):
        admit(scratch, servable, sources.recent_top[i])
    for i in range(len(sources.first_time_top)):
        admit(scratch, servable, sources.first_time_top[i])
    complete(scratch, sources)
    for i in range(scratch.counts[0]):
        scratch.slots[scratch.seen[i]] = 0
    return int(scratch.counts[1])


def looked_at_limit(history_limit: int, had_limit: int, other: int) -> int:
    """The most rows that one list can look at."""
    return 2 * NEIGHBOUR_LIMIT * history_limit + had_limit + other
