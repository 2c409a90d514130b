"""Items' vectors of each modality by itself, for search: a byte a number, every item compared with the query."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.statistics.base import Floats, Rows

NOWHERE = -2.0
"""In the place of a cosine, for rows that are not compared."""
_STEPS = 127


class _Space:
    """The vectors of one modality in one space; rows nobody has written take no memory."""

    def __init__(self, capacity: int, dim: int) -> None:
        self.codes = np.zeros((capacity, dim), np.int8)
        self.scales = np.zeros(capacity, np.float32)
        """[capacity] what turns a row's codes into its vector; 0 for a row without one."""
        self.end = 0
        """Every row with a vector is below this."""
        self.count = 0
        """Rows with a vector."""

    def drop(self, rows: Rows | int) -> None:
        """Empties rows, each given once."""
        self.count -= int(np.count_nonzero(self.scales[rows]))
        self.scales[rows] = 0


class ModalityIndex:
    """One vector an item and modality, by row of the catalogue.

    A vector keeps its direction within a cosine of .999 in a quarter of the bytes of single precision, and half of
    those of half precision. While an encoder is replaced a modality has two spaces: vectors of different ones are never
    compared, and an item is in that of its newest vector.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._spaces: dict[tuple[str, str], _Space] = {}

    def put(self, row: int, modality: str, space: str, vector: Floats) -> None:
        """Sets a row's vector, [dim] of any length; a zero vector is none.

        Raises:
            ValueError: The space has vectors of another dimension.
        """
        self.drop(row, modality)
        largest = float(np.abs(vector).max(initial=0))
        if largest == 0:
            return
        found = self._spaces.get((modality, space))
        if found is None:
            found = self._spaces[modality, space] = _Space(self._capacity, len(vector))
        if found.codes.shape[1] != len(vector):
            msg = f"a vector of {space} has to be {found.codes.shape[1]} numbers, got {len(vector)}"
            raise ValueError(msg)
        codes = np.rint(vector * (_STEPS / largest))
        found.count += 1
        found.codes[row] = codes
        found.scales[row] = 1 / np.linalg.norm(codes)
        found.end = max(found.end, row + 1)

    def drop(self, row: int, modality: str | None = None) -> None:
        """Removes a row's vector of a modality, or of all."""
        self._drop(row, modality)

    def forget(self, rows: Rows) -> None:
        """Drops all vectors of rows, which will belong to other items."""
        self._drop(rows, None)

    def _drop(self, rows: Rows | int, modality: str | None) -> None:
        """Spaces that nothing is left in end: of an encoder that was replaced, 39 MB for 100,000 items."""
        for key, space in list(self._spaces.items()):
            if modality in (None, key[0]):
                space.drop(rows)
                if not space.count:
                    del self._spaces[key]

    def has(self, row: int) -> bool:
        """Whether the row has a vector of any modality; a negative row is nobody's."""
        return row >= 0 and any(space.scales[row] > 0 for space in self._spaces.values())

    def vector(self, row: int, modality: str) -> tuple[str, Floats] | None:
        """The space that the row's vector lies in, and the vector: [dim] of unit length; None without any."""
        for (kind, name), space in self._spaces.items():
            if kind == modality and space.scales[row] > 0:
                return name, space.codes[row] * space.scales[row]
        return None

    def alike(self, row: int, other: int) -> dict[str, float]:
        """By modality that both rows have in one space: its share of the sum of their cosines, the largest first."""
        cosines = {
            modality: float(space.codes[row].astype(np.float32) @ space.codes[other].astype(np.float32))
            * float(space.scales[row] * space.scales[other])
            for (modality, _), space in self._spaces.items()
            if space.scales[row] > 0 and space.scales[other] > 0
        }
        total = sum(max(cosine, 0.0) for cosine in cosines.values())
        ordered = sorted(cosines.items(), key=lambda found: -found[1])
        return {modality: cosine / total for modality, cosine in ordered if cosine > 0}

    def cosines(self, modality: str, space: str, vector: Floats, allowed: NDArray[np.bool_]) -> Floats:
        """The cosine of every row and a vector, [dim] of unit length, within .003.

        Returns:
            [n], NOWHERE for rows that are not allowed or have no vector in that space; all other rows have none.
        """
        found = self._spaces.get((modality, space))
        if found is None or found.codes.shape[1] != len(vector):
            return np.zeros(0, np.float32)
        return _cosines(found.codes, found.scales, vector.astype(np.float32), allowed, found.end)


@njit(cache=True, fastmath=True)
def _cosines(
    codes: NDArray[np.int8], scales: Floats, vector: Floats, allowed: NDArray[np.bool_], end: int
) -> Floats:
    found = np.full(end, NOWHERE, np.float32)
    for row in range(end):
        if scales[row] > 0 and allowed[row]:
            total = np.float32(0.0)
            for d in range(len(vector)):
                total += np.float32(codes[row, d]) * vector[d]
            found[row] = total * scales[row]
    return found


def nearest(cosines: Floats, limit: int) -> Rows:
    """At most `limit` rows of the largest cosines, best first, ties by row; none that was not compared."""
    rows = np.flatnonzero(cosines > NOWHERE).astype(np.int32)
    if len(rows) > limit:
        rows = rows[np.argpartition(-cosines[rows], limit)[:limit]]
    return rows[np.lexsort((rows, -cosines[rows]))]
