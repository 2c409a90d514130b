"""What items are made of: the vectors of their modalities, in rows of fixed number."""

from collections.abc import Callable, Mapping

import numpy as np

from online.catalogue import Catalogue
from online.fusion.fusions import Masks
from online.fusion.tower import WIDTH, Common, Made
from online.statistics.base import Floats, Rows

MODALITIES = ("text", "image", "audio", "video", "location")
"""The order of tokens."""
LEAST_SPREAD = 0.01
"""Of the mean squared distance from the mean: where all items are alike, their differences are noise."""


class ItemMedia:
    """Vectors by row and modality, and their mean.

    Pages of memory are taken when they are first written: a modality that no item has costs address space only.
    """

    def __init__(self, capacity: int, on_forget: Callable[[Rows], None]) -> None:
        """Room for `capacity` items; `on_forget` is told of rows that will be other items'."""
        self.catalogue = Catalogue(capacity, self._forget)
        self._on_forget = on_forget
        self.has: Masks = np.zeros((capacity, len(MODALITIES)), np.bool_)
        """[capacity, modalities] To be read only."""
        self.is_known = np.zeros(capacity, np.bool_)
        """[capacity] Whether a row has anything. To be read only."""
        self._vectors = [np.zeros((capacity, WIDTH), np.float16) for _ in MODALITIES]
        self._sums = np.zeros((len(MODALITIES), WIDTH))
        self._counts = np.zeros(len(MODALITIES), np.int64)

    def put(self, item_id: str, vectors: Mapping[str, Floats]) -> int:
        """Replaces all that an item is made of by unit vectors of at most WIDTH dimensions; returns its row."""
        row = self.catalogue.place(item_id)
        self._clear(np.array([row], np.int32))
        for modality, vector in vectors.items():
            place = MODALITIES.index(modality)
            self.has[row, place] = self.is_known[row] = True
            kept = self._vectors[place][row]
            kept[: len(vector)] = vector
            self._sums[place] += kept  # as it is taken off again
            self._counts[place] += 1
        return row

    def modalities(self) -> list[int]:
        """Those that any item has."""
        return np.flatnonzero(self._counts).tolist()

    def known(self) -> Rows:
        """The rows of items that are made of anything."""
        return np.flatnonzero(self.is_known[: self.catalogue.end]).astype(np.int32)

    def common(self) -> Common:
        """The means over items, and one over the mean distance from them."""
        centre = self._sums / np.maximum(self._counts, 1)[:, None]
        spread = np.maximum(1.0 - np.square(centre).sum(axis=1), LEAST_SPREAD)
        return Common(centre.astype(np.float32), (spread**-0.5).astype(np.float32))

    def has_of(self, rows: Rows) -> Masks:
        """[n, modalities] what each of these has; a negative row has nothing."""
        return self.has[rows] & (rows >= 0)[:, None]

    def made(self, rows: Rows, has: Masks) -> Made:
        """What these are made of, as far as [n, modalities] `has` says that it counts."""
        modalities = np.flatnonzero(has.any(axis=0)).tolist()
        vectors = []
        for modality in modalities:
            places = np.flatnonzero(has[:, modality])
            vectors.append((places, self._vectors[modality][rows[places]].astype(np.float32)))
        return Made(modalities, vectors, has)

    def _forget(self, rows: Rows) -> None:
        self._clear(rows)
        self._on_forget(rows)

    def _clear(self, rows: Rows) -> None:
        for place, vectors in enumerate(self._vectors):
            held = rows[self.has[rows, place]]
            self._sums[place] -= vectors[held].sum(axis=0, dtype=np.float64)
            self._counts[place] -= len(held)
            vectors[held] = 0
        self.has[rows] = self.is_known[rows] = False
