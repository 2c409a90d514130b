"""What items are made of: the vectors of their modalities, in rows of fixed number."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from online.catalogue import Catalogue
from online.fusion.fusions import Masks
from online.fusion.tower import WIDTH, Made
from online.statistics.base import Floats, Rows

MODALITIES = ("text", "image", "audio", "video", "location")
"""The order of tokens."""
CHANGED_SHARE = 0.25
"""Of a modality's items: when so many have come, or changed, it is looked anew at how they differ."""
LEAST_SHARE = 0.1
"""Of all items; a modality that fewer have is learned from, but others do not make room for it."""
LOOKED_AT = 1_024
"""Items that this is judged by."""


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
        self._changes = np.zeros(len(MODALITIES), np.int64)
        """Since each was last looked at."""

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
            self._changes[place] += 1
        return row

    def modalities(self) -> list[int]:
        """Those that at least LEAST_SHARE of the items have."""
        return np.flatnonzero(self._counts > LEAST_SHARE * self.is_known[: self.catalogue.end].sum()).tolist()

    def known(self) -> Rows:
        """The rows of items that are made of anything."""
        return np.flatnonzero(self.is_known[: self.catalogue.end]).astype(np.int32)

    def centre(self) -> Floats:
        """[modalities, WIDTH] the means over items."""
        means = self._sums / np.maximum(self._counts, 1)[:, None]
        return np.asarray(means, np.float32)

    def changed(self, rng: np.random.Generator) -> Iterator[tuple[int, Floats]]:
        """Some vectors, [n, WIDTH], of each modality much of which has changed since it was last looked at."""
        for place in np.flatnonzero(self._changes > CHANGED_SHARE * self._counts).tolist():
            self._changes[place] = 0
            rows = np.flatnonzero(self.has[: self.catalogue.end, place])
            if len(rows):
                chosen = rng.choice(rows, min(LOOKED_AT, len(rows)), replace=False)
                yield place, self._vectors[place][chosen].astype(np.float32)

    def has_of(self, rows: Rows) -> Masks:
        """[n, modalities] what each of these has; a negative row has nothing."""
        return self.has[rows] & (rows >= 0)[:, None]

    def made(self, rows: Rows, has: Masks, own: Floats) -> Made:
        """What these are made of, as far as [n, modalities] `has` says that it counts; and [n, dim] beyond."""
        modalities = np.flatnonzero(has.any(axis=0)).tolist()
        vectors = []
        for modality in modalities:
            places = np.flatnonzero(has[:, modality])
            vectors.append((places, self._vectors[modality][rows[places]].astype(np.float32)))
        return Made(modalities, vectors, has, own)

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
