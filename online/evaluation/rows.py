"""A sparse matrix that grows: each row an open-addressing hash table, all rows in one pool of memory.

Adding to an entry costs one probe, reading a row is a walk over contiguous memory. A row that would outgrow its
limit keeps its heavier half instead.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.evaluation.jit import compiled
from online.evaluation.stream import FloatArray, IntArray, LongArray

SMALLEST = 8
"""Places of a row's first table; each growth doubles it."""
LARGEST = 2048
"""Places of a row's last table, three quarters of them used."""
NO_BLOCK = -1


class _Pool(NamedTuple):
    columns: IntArray
    """[places], of each entry; the number of columns where a place is empty."""
    weights: NDArray[np.float32]
    """[places], 0 where a place is empty."""
    start: LongArray
    """[rows], where each row's table begins."""
    capacity: LongArray
    """[rows], places of its table, a power of two."""
    used: LongArray
    """[rows], of which so many hold an entry."""
    sums: FloatArray
    """[rows], all that was ever added."""
    free: LongArray
    """[64], for each power of two the first block of that size that a grown row left behind, or NO_BLOCK."""
    end: LongArray
    """[1], where the unused part of the pool begins."""


class Rows:
    """A square matrix, almost all zero."""

    def __init__(self, size: int) -> None:
        """Makes a matrix [size, size] of zeros."""
        self._size = size
        self._pool = _Pool(
            columns=np.full(1 << 16, size, dtype=np.int32),
            weights=np.zeros(1 << 16, dtype=np.float32),
            start=np.zeros(size, dtype=np.int64),
            capacity=np.zeros(size, dtype=np.int64),
            used=np.zeros(size, dtype=np.int64),
            sums=np.zeros(size),
            free=np.full(64, NO_BLOCK, dtype=np.int64),
            end=np.zeros(1, dtype=np.int64),
        )

    @property
    def sums(self) -> FloatArray:
        """[size], the sum of all that was added to each row."""
        return self._pool.sums

    def add_outer(
        self, rows: IntArray, row_weights: FloatArray, columns: IntArray, weights: FloatArray
    ) -> None:
        """Adds row_weights[i] * weights[j] to each entry (rows[i], columns[j])."""
        self._pool = _add_outer(rows, row_weights, columns, weights, self._pool)

    def gather(self, rows: IntArray, row_weights: FloatArray) -> FloatArray:
        """The sum of the rows, each times its weight: [size]."""
        scores = np.zeros(self._size + 1)
        _gather(rows, row_weights, self._pool, scores)
        return scores[: self._size]


@compiled
def _place(columns: IntArray, start: int, capacity: int, column: int, empty: int) -> int:
    """Where the column lies in its row, or the empty place where it belongs."""
    mask = capacity - 1
    place = (column * 2654435761) & mask
    while columns[start + place] != empty and columns[start + place] != column:
        place = (place + 1) & mask
    return start + place


@compiled
def _with_room(size: int, pool: _Pool) -> _Pool:
    """The pool, larger by half if `size` more places don't fit behind its end."""
    end = pool.end[0]
    if end + size <= len(pool.columns):
        return pool
    columns = np.full(len(pool.columns) * 3 // 2 + size, len(pool.start), dtype=np.int32)
    weights = np.zeros(len(columns), dtype=np.float32)
    columns[:end], weights[:end] = pool.columns[:end], pool.weights[:end]
    return _Pool(columns, weights, pool.start, pool.capacity, pool.used, pool.sums, pool.free, pool.end)


@compiled
def _allocate(size: int, pool: _Pool) -> int:
    """A block of `size` empty places: one that a grown row left behind, or new ones at the pool's end."""
    size_class = int(np.log2(size))
    block = pool.free[size_class]
    if block == NO_BLOCK:
        pool.end[0] += size
        return int(pool.end[0] - size)
    pool.free[size_class] = pool.columns[block]
    pool.columns[block : block + size] = len(pool.start)
    pool.weights[block : block + size] = 0.0
    return int(block)


@compiled
def _grow(row: int, pool: _Pool) -> _Pool:
    """Moves a row into a table of twice the size; the old block joins the list of its size."""
    old_start, old_capacity = pool.start[row], pool.capacity[row]
    size = max(SMALLEST, 2 * old_capacity)
    pool = _with_room(size, pool)
    new_start, empty = _allocate(size, pool), len(pool.start)
    for place in range(old_start, old_start + old_capacity):
        if pool.columns[place] != empty:
            target = _place(pool.columns, new_start, size, pool.columns[place], empty)
            pool.columns[target], pool.weights[target] = pool.columns[place], pool.weights[place]
    if old_capacity > 0:
        size_class = int(np.log2(old_capacity))
        pool.columns[old_start] = pool.free[size_class]
        pool.free[size_class] = old_start
    pool.start[row], pool.capacity[row] = new_start, size
    return pool


@compiled
def _prune(row: int, pool: _Pool) -> None:
    """Keeps the heavier half of a row's entries."""
    start, size, empty = pool.start[row], pool.capacity[row], len(pool.start)
    columns, weights = pool.columns[start : start + size], pool.weights[start : start + size]
    places = np.flatnonzero(columns != empty)
    kept = places[np.argsort(-weights[places], kind="mergesort")[: len(places) // 2]]
    kept_columns, kept_weights = columns[kept], weights[kept]
    columns[:] = empty
    weights[:] = 0.0
    for index in range(len(kept)):
        place = _place(columns, 0, size, kept_columns[index], empty)
        columns[place], weights[place] = kept_columns[index], kept_weights[index]
    pool.used[row] = len(kept)


@compiled
def _add_outer(
    rows: IntArray, row_weights: FloatArray, columns: IntArray, column_weights: FloatArray, pool: _Pool
) -> _Pool:
    for index in range(len(rows)):
        row = rows[index]
        for other in range(len(columns)):
            if (pool.used[row] + 1) * 4 > pool.capacity[row] * 3:
                if pool.capacity[row] >= LARGEST:
                    _prune(row, pool)
                else:
                    pool = _grow(row, pool)
            place = _place(pool.columns, pool.start[row], pool.capacity[row], columns[other], len(pool.start))
            if pool.columns[place] != columns[other]:
                pool.columns[place] = columns[other]
                pool.used[row] += 1
            weight = row_weights[index] * column_weights[other]
            pool.weights[place] += weight
            pool.sums[row] += weight
    return pool


@compiled
def _gather(rows: IntArray, row_weights: FloatArray, pool: _Pool, scores: FloatArray) -> None:
    for index in range(len(rows)):
        row, row_weight = rows[index], row_weights[index]
        # Empty places add nothing to a column of their own behind the last: faster than asking each.
        for place in range(pool.start[row], pool.start[row] + pool.capacity[row]):
            scores[pool.columns[place]] += row_weight * pool.weights[place]
