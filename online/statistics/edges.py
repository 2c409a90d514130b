"""Bounded weighted neighbour lists of items in flat arrays, for graphs that grow with every set."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Rows

NEIGHBOUR_LIMIT = 200


class Edges(NamedTuple):
    """The arrays of a graph, as compiled functions take them."""

    neighbours: Rows
    """[capacity, NEIGHBOUR_LIMIT] targets of each source, in no order; the first sizes[source] are in use."""
    weights: Floats
    """[capacity, NEIGHBOUR_LIMIT] stored weight of each edge."""
    sizes: NDArray[np.int32]
    """[capacity]"""
    mass: NDArray[np.float64]
    """[capacity] all weight ever added to a source's edges, those evicted since included."""
    counts: NDArray[np.float64]
    """[capacity] how often each item was had."""
    slots: NDArray[np.int32]
    """[capacity] scratch, all zero between calls: where a target stands in the source at hand, plus 1."""


def empty_edges(capacity: int) -> Edges:
    """Edges without any; pages are taken as sources are first used."""
    return Edges(
        np.zeros((capacity, NEIGHBOUR_LIMIT), np.int32),
        np.zeros((capacity, NEIGHBOUR_LIMIT), np.float32),
        np.zeros(capacity, np.int32),
        np.zeros(capacity),
        np.zeros(capacity),
        np.zeros(capacity, np.int32),
    )


@njit(cache=True, fastmath=True)
def _weakest(weights: Floats) -> int:
    """The last slot with the smallest weight: two passes without branches, several slots at a time."""
    least = weights[0]
    for slot in range(len(weights)):
        least = min(least, weights[slot])
    found = np.int32(0)
    for slot in range(len(weights)):
        found = max(found, np.int32(slot) if weights[slot] == least else np.int32(0))
    return int(found)


@njit(cache=True)
def _slot_of(neighbours: Rows, size: int, target: int) -> int:
    """Where a target stands, or -1."""
    found = np.int32(-1)
    for slot in range(size):
        found = max(found, np.int32(slot) if neighbours[slot] == target else np.int32(-1))
    return int(found)


@njit(cache=True)
def _add_edge(edges: Edges, source: int, target: int, amount: float) -> None:
    """`add_edges` for one target: looking through the neighbours is quicker than noting where each stands."""
    if target < 0 or target == source:
        return
    neighbours, weights = edges.neighbours[source], edges.weights[source]
    size = int(edges.sizes[source])
    slot = _slot_of(neighbours, size, target)
    if slot < 0:
        if size < NEIGHBOUR_LIMIT:
            slot = size
            edges.sizes[source] = size + 1
        else:
            slot = _weakest(weights)
        neighbours[slot] = target
        weights[slot] = 0.0
    weights[slot] += amount
    edges.mass[source] += amount


@njit(cache=True)
def add_edges(edges: Edges, source: int, targets: Rows, amounts: Floats, scale: float) -> None:
    """Adds scale * amounts[i] to the edge from source to targets[i]; no item is its own neighbour.

    A target that finds no room takes the place of the weakest neighbour.
    """
    if len(targets) == 1:
        _add_edge(edges, source, targets[0], scale * amounts[0])
        return
    neighbours, weights, slots = edges.neighbours, edges.weights, edges.slots
    size = int(edges.sizes[source])
    added = 0.0
    for slot in range(size):
        slots[neighbours[source, slot]] = slot + 1
    for i in range(len(targets)):
        target = targets[i]
        if target < 0 or target == source:
            continue
        slot = int(slots[target]) - 1
        if slot < 0:
            if size < NEIGHBOUR_LIMIT:
                slot = size
                size += 1
            else:
                slot = _weakest(weights[source])
                slots[neighbours[source, slot]] = 0
            neighbours[source, slot] = target
            weights[source, slot] = 0.0
            slots[target] = slot + 1
        weights[source, slot] += scale * amounts[i]
        added += scale * amounts[i]
    for slot in range(size):
        slots[neighbours[source, slot]] = 0
    edges.sizes[source] = size
    edges.mass[source] += added


@njit(cache=True)
def forget_targets(edges: Edges, forgotten: NDArray[np.bool_], end: int) -> None:
    """Removes the edges from and to every row that is marked in `forgotten` ([capacity])."""
    for source in range(end):
        if forgotten[source]:
            edges.sizes[source] = 0
            edges.mass[source] = 0.0
            edges.counts[source] = 0.0
            continue
        kept = 0
        for slot in range(edges.sizes[source]):
            target = edges.neighbours[source, slot]
            if not forgotten[target]:
                edges.neighbours[source, kept] = target
                edges.weights[source, kept] = edges.weights[source, slot]
                kept += 1
        edges.sizes[source] = kept
