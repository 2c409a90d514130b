"""Lists kept to be learned from again."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from online.owners import NOBODY
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
        self._owners = np.zeros(CAPACITY, np.uint64)
        self._count = 0

    def add(self, features: NDArray[np.float32], had: NDArray[np.bool_], owner: int = NOBODY) -> None:
        """Keeps a list of at most CANDIDATES candidates: [n, FEATURES] and [n].

        The owner, 0 < owner < 2**64 or NOBODY, can have it forgotten.
        """
        slot, size = self._count % CAPACITY, len(had)
        self._features[slot, :size] = features
        self._features[slot, size:] = 0
        self._targets[slot] = 0
        self._targets[slot, :size] = had
        self._sizes[slot] = size
        self._owners[slot] = owner
        self._count += 1

    def forget(self, owners: Collection[int]) -> NDArray[np.uint64]:
        """Keeps no list of these owners.

        Returns:
            [lists] whose each list was, of those that were kept, the newest last; NOBODY for those that still are.
        """
        order = np.arange(self._count - min(self._count, CAPACITY), self._count) % CAPACITY
        gone = np.where(
            np.isin(self._owners[order], np.array(list(owners), np.uint64)), self._owners[order], NOBODY
        )
        kept = order[gone == NOBODY]
        if len(kept) < len(order):
            for array in (self._features, self._targets, self._sizes, self._owners):
                array[: len(kept)] = array[kept]
                array[len(kept) :] = 0
            self._count = len(kept)
        return gone

    def holds(self, owner: int) -> bool:
        """Whether a list of the owner is kept."""
        return bool(np.any(self._owners == owner))

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
