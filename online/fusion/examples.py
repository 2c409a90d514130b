"""What was had after what: a bounded number of examples to learn from again, and how often each item is had."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.fusion.taste import HISTORY
from online.owners import NOBODY
from online.statistics.base import Floats, Rows

CAPACITY = 16_384
"""Examples kept; the oldest go first. 4 MB."""
LAST_BITS = np.uint64(0xFFFF)
"""Of an owner, which is a hash: they tell most owners apart."""
LOOKED_AT = 20
"""Entries of each history that a step looks at, by lot."""


class Drawn(NamedTuple):
    """Some examples."""

    history: Rows
    """[n, HISTORY] the most recent first; -1 where there is none."""
    items: Rows
    """[n] what was had, or refused."""
    liked: NDArray[np.bool_]
    """[n] False where it was refused."""
    newest: int
    """How many of them, the first ones, were never drawn before."""
    numbers: NDArray[np.int64]
    """[n] how many came before each, kept or not."""
    owners: NDArray[np.uint64]
    """[n] whose each is."""


def looked_at(history: Rows, rng: np.random.Generator) -> Rows:
    """[n, LOOKED_AT] of each history some entries by lot: their mean is that of all but for noise, at less cost."""
    lot = np.where(history >= 0, rng.random(history.shape, dtype=np.float32), 2.0)
    chosen = np.argpartition(lot, LOOKED_AT, axis=1)[:, :LOOKED_AT]
    return np.take_along_axis(history, chosen, axis=1)


class Examples:
    """The newest examples, in arrays of fixed size."""

    def __init__(self) -> None:
        self._history = np.full((CAPACITY, HISTORY), -1, np.int32)
        self._items = np.full(CAPACITY, -1, np.int32)
        self._liked = np.zeros(CAPACITY, np.bool_)
        self._owners = np.zeros(CAPACITY, np.uint64)
        self.count = 0
        """Examples that ever came. To be read only."""

    def add(self, history: Rows, item: int, *, liked: bool, owner: int = NOBODY) -> None:
        """Keeps an example; of its history, the HISTORY most recent entries. The owner can have it forgotten."""
        slot, size = self.count % CAPACITY, min(len(history), HISTORY)
        self._history[slot] = -1
        self._history[slot, :size] = history[:size]
        self._items[slot], self._liked[slot], self._owners[slot] = item, liked, owner
        self.count += 1

    def draw(self, newest: int, replayed: int, rng: np.random.Generator) -> Drawn:
        """The newest examples, then others drawn evenly from all that are kept, some perhaps twice."""
        last = (self.count - 1 - np.arange(newest)) % CAPACITY
        chosen = np.concatenate((last, rng.integers(0, max(1, min(self.count, CAPACITY)), replayed)))
        is_kept = self._items[chosen] >= 0
        chosen = chosen[is_kept]
        left = int(np.count_nonzero(is_kept[:newest]))
        history, items, liked = self._history[chosen], self._items[chosen], self._liked[chosen]
        return Drawn(history, items, liked, left, self._numbers(chosen), self._owners[chosen])

    def had_before(self, drawn: Drawn, rows: Rows) -> NDArray[np.bool_]:
        """[n, k] which of k rows each example's user had before, as far as that is known.

        A history ends after HISTORY entries: what was had earlier is known from older examples of the same owner.
        """
        owners, owner_of = np.unique(drawn.owners, return_inverse=True)
        is_drawn = np.zeros(int(LAST_BITS) + 1, np.bool_)
        is_drawn[owners & LAST_BITS] = True
        slots = np.flatnonzero(is_drawn[self._owners & LAST_BITS] & self._liked & (self._owners != NOBODY))
        whose = np.minimum(np.searchsorted(owners, self._owners[slots]), len(owners) - 1)
        which, is_asked = places_of(self._items[slots], rows)
        found = is_asked & (owners[whose] == self._owners[slots])
        first = np.full((len(owners), len(rows)), self.count)
        """With which example each owner had each row first."""
        np.minimum.at(first.ravel(), whose[found] * len(rows) + which[found], self._numbers(slots[found]))
        had: NDArray[np.bool_] = first[owner_of] < drawn.numbers[:, None]
        places, is_asked = places_of(drawn.history, rows)
        of_example, entry = np.nonzero(is_asked)
        had[of_example, places[of_example, entry]] = True
        return had

    def _numbers(self, slots: NDArray[np.intp]) -> NDArray[np.int64]:
        newest = self.count - 1
        return np.asarray(newest - (newest - slots) % CAPACITY)

    def forget(self, rows: Rows) -> None:
        """Drops examples of items, and the items from histories, before their rows are given to others."""
        self._items[np.isin(self._items, rows)] = -1
        self._history[np.isin(self._history, rows)] = -1

    def forget_user(self, owner: int) -> int:
        """Drops the owner's examples; returns how many there were."""
        gone = self._owners == owner
        self._items[gone] = -1
        self._history[gone] = -1
        self._owners[gone] = NOBODY
        return int(np.count_nonzero(gone))

    def holds(self, owner: int) -> bool:
        """Whether an example of the owner is kept."""
        return bool(np.any(self._owners == owner))


def places_of(values: Rows, rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each value is among some rows, one at least, and whether it is there at all; a negative one is not."""
    table = np.full(int(rows.max()) + 2, -1, np.intp)  # the last is that of all others, also of -1
    table[rows] = np.arange(len(rows))
    places = table[np.minimum(values, len(table) - 1)]
    return places, places >= 0


class Frequencies:
    """How often each item is had, forgetting: what sampling from the stream favours, and logQ takes back.

    Yi et al., "Sampling-bias-corrected neural modeling for large corpus item recommendations", RecSys 2019.
    """

    def __init__(self, capacity: int, kept: float) -> None:
        """Counts rows below `capacity`, of which each event leaves the share `kept`."""
        self._counts = np.zeros(capacity)
        self._total = 0.0
        self._scale, self._kept = 1.0, kept

    def add(self, rows: Sequence[int]) -> None:
        """Counts an event of each row."""
        for row in rows:
            self._scale /= self._kept
            self._counts[row] += self._scale
            self._total = self._total * self._kept + 1.0
        if self._scale > 1e100:
            self._counts /= self._scale
            self._scale = 1.0

    def shares(self, rows: Rows) -> Floats:
        """[n] each row's share of the events; one that never came counts half an event."""
        counts = self._counts[rows] / self._scale
        return np.asarray((counts + 0.5) / (self._total + 1.0), np.float32)

    def forget(self, rows: Rows) -> None:
        """Forgets rows that will belong to other items."""
        self._counts[rows] = 0.0
