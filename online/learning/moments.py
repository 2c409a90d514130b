"""Running mean and deviation of features, which forget."""

import numpy as np
from numpy.typing import NDArray

KEPT = 0.9995
"""Of what is known, at each list: the last few thousand lists count."""
LEAST_VARIANCE = 1e-8


class Moments:
    """Exponentially weighted mean and variance of each column."""

    def __init__(self, width: int) -> None:
        self._count = 0.0
        self._sum = np.zeros(width)
        self._squares = np.zeros(width)

    def update(self, rows: NDArray[np.float32]) -> None:
        """Takes the rows of a list: [n, width]."""
        wide = rows.astype(np.float64)
        self._count = self._count * KEPT + len(rows)
        self._sum = self._sum * KEPT + wide.sum(axis=0)
        self._squares = self._squares * KEPT + np.square(wide).sum(axis=0)

    def values(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """[width] means, and [width] one over the deviations; 0 for a column that never varied."""
        mean = self._sum / max(self._count, 1.0)
        variance = self._squares / max(self._count, 1.0) - mean**2
        scale = np.where(variance > LEAST_VARIANCE, 1 / np.sqrt(np.maximum(variance, LEAST_VARIANCE)), 0.0)
        return mean.astype(np.float32), scale.astype(np.float32)

    def save(self) -> dict[str, np.ndarray]:
        """Arrays that `load` takes back."""
        return {
            "count": np.array(self._count),
            "sum": self._sum.copy(),
            "squares": self._squares.copy(),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self._count = float(saved["count"])
        self._sum, self._squares = saved["sum"].copy(), saved["squares"].copy()
