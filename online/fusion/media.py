"""What items are made of: the vectors of their modalities, in rows of fixed number."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from online.catalogue import Catalogue, Rows
from online.fusion.tower import WIDTH

MODALITIES = ("text", "image", "audio", "video", "location")
"""The order of tokens."""
LEAST_SPREAD = 0.01
"""Of the mean squared distance from the mean: where all items are alike, their differences are noise."""
Floats = NDArray[np.float32]


class ItemMedia:
    """Vectors by row and modality, and their mean.

    Pages of memory are taken when they are first written: a modality that no item has costs address space only.
    """

    def __init__(self, capacity: int, on_forget: Callable[[Rows], None]) -> None:
        """Room for `capacity` items; `on_forget` is told of rows that will be other items'."""
        self.catalogue = Catalogue(capacity, self._forget)
        self._on_forget = on_forget
        self.has = np.zeros((capacity, len(MODALITIES)), np.bool_)
        """[capacity, modalities] To be read only."""
        self._vectors = [np.zeros((capacity, WIDTH), np.float16) for _ in MODALITIES]
        self._sums = np.zeros((len(MODALITIES), WIDTH))
        self._counts = np.zeros(len(MODALITIES), np.int64)

    def put(self, item_id: str, vectors: Mapping[str, Floats]) -> int:
        """Replaces all that an item is made of by unit vectors of at most WIDTH dimensions; returns its row."""
        row = self.catalogue.row(item_id, create=True)
        self._clear(np.array([row], np.int32))
        for modality, vector in vectors.items():
            place = MODALITIES.index(modality)
            self.has[row, place] = True
            self._vectors[place][row, : len(vector)] = vector
            self._sums[place, : len(vector)] += vector
            self._counts[place] += 1
        return row

    def known(self) -> Rows:
        """The rows of items that are made of anything."""
        return np.flatnonzero(self.has[: self.catalogue.end].any(axis=1)).astype(np.int32)

    def moments(self) -> tuple[Tensor, Tensor]:
        """[modalities, WIDTH] means, and [modalities] one over the mean distance from them."""
        centre = self._sums / np.maximum(self._counts, 1)[:, None]
        spread = np.maximum(1.0 - np.square(centre).sum(axis=1), LEAST_SPREAD)
        return torch.from_numpy(centre).float(), torch.from_numpy(spread**-0.5).float()

    def inputs(
        self, rows: Rows, rng: np.random.Generator | None = None, dropout: float = 0.0
    ) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
        """What the tower takes of these rows; a negative row has nothing.

        Args:
            rows: [n]
            rng: Draws what is left out.
            dropout: Chance of each modality to be left out; one always stays.
        """
        has = self.has[rows] & (rows >= 0)[:, None]
        if rng is not None:
            kept = has & (rng.random(has.shape) >= dropout)
            has = np.where(kept.any(axis=1, keepdims=True), kept, has)
        found = []
        for modality, vectors in enumerate(self._vectors):
            places = np.flatnonzero(has[:, modality])
            x = torch.from_numpy(vectors[rows[places]].astype(np.float32))
            found.append((torch.from_numpy(places), x))
        return found, torch.from_numpy(has)

    def _forget(self, rows: Rows) -> None:
        self._clear(rows)
        self._on_forget(rows)

    def _clear(self, rows: Rows) -> None:
        for place, vectors in enumerate(self._vectors):
            held = rows[self.has[rows, place]]
            self._sums[place] -= vectors[held].sum(axis=0, dtype=np.float64)
            self._counts[place] -= len(held)
            vectors[held] = 0
        self.has[rows] = False
