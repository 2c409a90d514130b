"""Lists kept to be learned from again."""

import numpy as np
from numpy.typing import NDArray

from online.ranking.features import FEATURES
from online.ranking.list_log import CANDIDATES

CAPACITY = 8_192
"""Lists kept; the oldest go first. About 140 MB once all are there."""


class ListReplay:
    """The newest lists with their targets, in arrays of fixed size."""

    def __init__(self) -> None:
        self._features = np.zeros((CAPACITY, CANDIDATES, FEATURES), np.float16)
        self._targets = np.zeros((CAPACITY, CANDIDATES), np.float32)
        self._sizes = np.zeros(CAPACITY, np.int32)
        self._count = 0

    def add(self, features: NDArray[np.float32], had: NDArray[np.bool_]) -> None:
        """Keeps a list of at most CANDIDATES candidates: [n, FEATURES] and [n]."""
        slot, size = self._count % CAPACITY, len(had)
        self._features[slot, :size] = features
        self._features[slot, size:] = 0
        self._targets[slot] = 0
        self._targets[slot, :size] = had
        self._sizes[slot] = size
        self._count += 1

    def draw(
        self, newest: int, replayed: int, recent: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float16], NDArray[np.float32], NDArray[np.bool_]]:
        """The newest lists, the very newest first, then others drawn evenly from those kept, some perhaps twice.

        Args:
            newest: How many of the newest.
            replayed: How many others.
            recent: They are from the last so many.
            rng: Draws them.

        Returns:
            [lists, CANDIDATES, FEATURES] features, [lists, CANDIDATES] 1 for what was had, and [lists, CANDIDATES]
            where a list has no candidate.
        """
        last, reach = (
            np.arange(self._count - 1, self._count - 1 - newest, -1),
            min(self._count, CAPACITY, recent),
        )
        others = self._count - reach + rng.integers(0, reach, replayed)
        chosen = np.concatenate((last, others)) % CAPACITY
        absent = np.arange(CANDIDATES) >= self._sizes[chosen, None]
        return self._features[chosen], self._targets[chosen], absent
