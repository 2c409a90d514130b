"""Whose list a new item might be in: every user's direction of taste beside every new vector, in matrix products."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.statistics.base import Floats

PAIRS_AT_ONCE = 2**19
"""Users times items compared in one go, some milliseconds."""
_FIRST_SLOTS = 1_024


class Taste(NamedTuple):
    """What a user's list asks of an item that nothing is known of but its vector."""

    profile: Floats
    """[dim] the mean direction of what the user had last, unit length; zero where nothing of it has a vector."""
    bar: float
    """Cosine to the profile from which on an item is likely to be in the list."""


class Tastes:
    """Tastes by small integers ("slots"), in half precision: 2 * dim + 5 bytes each."""

    def __init__(self, dim: int) -> None:
        self._profiles = np.zeros((_FIRST_SLOTS, dim), np.float16)
        self._bars = np.zeros(_FIRST_SLOTS, np.float32)
        self._known = np.zeros(_FIRST_SLOTS, np.bool_)

    def put(self, slot: int, taste: Taste) -> None:
        """Sets a slot's taste."""
        self._make_room(slot)
        self._profiles[slot] = taste.profile
        self._bars[slot] = taste.bar
        self._known[slot] = True

    def clear(self, slot: int) -> None:
        """Nothing is to be known of a slot."""
        self._make_room(slot)
        self._profiles[slot] = 0
        self._known[slot] = True

    def doubt(self, slot: int) -> None:
        """A slot's taste is not known any more."""
        self.clear(slot)
        self._known[slot] = False

    def doubt_all(self) -> None:
        """No slot's taste is known any more, as when all vectors have changed."""
        self._profiles[:] = 0
        self._known[:] = False

    def unknown(self, end: int) -> NDArray[np.int64]:
        """Slots below `end` whose taste is not known."""
        self._make_room(end)
        return np.flatnonzero(~self._known[:end])

    def compare(self, vectors: Floats, start: int) -> tuple[Floats, Floats]:
        """How near the nearest of some vectors is, for the slots from `start` on.

        Args:
            vectors: [n, dim] unit length.
            start: The first slot.

        Returns:
            [m] cosines, m being how many slots are compared in one go, fewer at the end; and [m] how far each is above
            the slot's bar. At most 0 and -inf where there is no taste.
        """
        stop = start + max(1, PAIRS_AT_ONCE // len(vectors))
        near: Floats = (self._profiles[start:stop].astype(np.float32) @ vectors.T).max(axis=1)
        above: Floats = np.where(near > 0, near - self._bars[start:stop], np.float32(-np.inf))
        return near, above

    def _make_room(self, slot: int) -> None:
        size = len(self._bars)
        if slot >= size:
            more = max(size, slot + 1 - size)
            self._profiles = np.pad(self._profiles, [(0, more), (0, 0)])
            self._bars = np.pad(self._bars, (0, more))
            self._known = np.pad(self._known, (0, more))
