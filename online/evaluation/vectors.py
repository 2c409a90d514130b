"""Sparse vectors that are replaced whole, all in one pool of memory, to be compared with one."""

import numpy as np
from numpy.typing import NDArray

from online.evaluation.jit import compiled
from online.evaluation.stream import FloatArray, IntArray, LongArray


class Vectors:
    """Rows of a sparse matrix; as many as have been put.

    A row that outgrows its block gets one of twice its size at the pool's end, so that at least a quarter of the
    pool is in use.
    """

    def __init__(self, size: int) -> None:
        """Makes a matrix of `size` columns and no rows."""
        self._size = size
        self._columns: IntArray = np.zeros(1 << 16, dtype=np.int32)
        self._weights: NDArray[np.float32] = np.zeros(1 << 16, dtype=np.float32)
        self._end = 0
        # Of each row: where its block begins, the block's places, the places in use, the squared length.
        self._start, self._room, self._used = np.zeros((3, 0), dtype=np.int64)
        self._squares: FloatArray = np.zeros(0)

    def put(self, row: int, columns: IntArray, weights: FloatArray) -> None:
        """Replaces a row by these weights in these distinct columns."""
        if row >= len(self._start):
            more = row + 1 - len(self._start) + len(self._start) // 2
            self._start, self._room, self._used = (
                np.pad(known, (0, more)) for known in (self._start, self._room, self._used)
            )
            self._squares = np.pad(self._squares, (0, more))
        if len(columns) > self._room[row]:
            self._move(row, 2 * len(columns))
        start, end = self._start[row], self._start[row] + len(columns)
        self._columns[start:end], self._weights[start:end] = columns, weights
        self._used[row] = len(columns)
        self._squares[row] = weights @ weights

    def nearest(self, vector: FloatArray, k: int, without: int) -> LongArray:
        """The k rows (fewer if there are fewer) with the smallest Euclidean distance to a vector [size]."""
        # |v - w|^2 = |v|^2 + |w|^2 - 2 v . w, and |v| is the same for all.
        distances = self._squares - 2.0 * _products(
            self._columns, self._weights, self._start, self._used, vector
        )
        distances[self._used == 0] = np.inf
        if without < len(distances):
            distances[without] = np.inf
        best = np.argpartition(distances, k)[:k] if k < len(distances) else np.arange(len(distances))
        return best[np.isfinite(distances[best])]

    def mean(self, rows: LongArray) -> FloatArray:
        """The mean of some rows, at least one: [size]."""
        total = np.zeros(self._size)
        _add(self._columns, self._weights, self._start[rows], self._used[rows], total)
        return total / len(rows)

    def _move(self, row: int, room: int) -> None:
        """Gives the row an empty block at the pool's end."""
        if self._end + room > len(self._columns):
            more = room + len(self._columns) // 2
            self._columns, self._weights = np.pad(self._columns, (0, more)), np.pad(self._weights, (0, more))
        self._start[row], self._room[row] = self._end, room
        self._end += room


@compiled
def _products(
    columns: IntArray, weights: NDArray[np.float32], start: LongArray, used: LongArray, vector: FloatArray
) -> FloatArray:
    products = np.zeros(len(start))
    for row in range(len(start)):
        # Two sums: in one, each addition would wait for the last, which takes half as long again.
        even, odd, end = 0.0, 0.0, start[row] + used[row]
        for place in range(start[row], end - 1, 2):
            even += weights[place] * vector[columns[place]]
            odd += weights[place + 1] * vector[columns[place + 1]]
        if used[row] % 2:
            even += weights[end - 1] * vector[columns[end - 1]]
        products[row] = even + odd
    return products


@compiled
def _add(
    columns: IntArray, weights: NDArray[np.float32], start: LongArray, used: LongArray, total: FloatArray
) -> None:
    for row in range(len(start)):
        for place in range(start[row], start[row] + used[row]):
            total[columns[place]] += weights[place]
