"""What items look like before anything is learned."""

from collections.abc import Mapping

import numpy as np

from online.fusion.fusions import LEAST_NORM
from online.fusion.media import MODALITIES
from online.fusion.tower import WIDTH
from online.statistics.base import Floats


class Untaught:
    """One random projection a modality, which leaves products of vectors about as they are; then their sum."""

    def __init__(self, dim: int, seed: int) -> None:
        """Draws the projections."""
        rng = np.random.default_rng(seed)
        drawn = [np.linalg.qr(rng.normal(size=(WIDTH, dim)))[0] for _ in MODALITIES]
        self._projections = np.asarray(np.stack(drawn) * (WIDTH / dim) ** 0.5, np.float32)
        """[modalities, WIDTH, dim]"""

    def vector(self, vectors: Mapping[str, Floats]) -> Floats:
        """[dim] of unit length of an item's vectors, by modality; there is one at least."""
        parts = [
            vector @ self._projections[MODALITIES.index(modality), : len(vector)]
            for modality, vector in vectors.items()
        ]
        whole = np.sum(parts, axis=0)
        return np.asarray(whole / max(float(np.linalg.norm(whole)), LEAST_NORM), np.float32)
