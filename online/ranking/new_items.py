"""New items to find out about: which ones those are, and who is shown which."""

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from online.catalogue import Catalogue
from online.ranking.explain import EXPLORE, RankedItem
from online.ranking.explore import explored
from online.statistics.base import NO_ROWS, Query, Rows
from online.statistics.content import Content
from online.statistics.exposures import Exposures

NEWEST = 1_000
"""Documented items that are looked at for those."""
EXPLORED_AT_ONCE = 64
"""New items that are explored at a time, the newest of those shown less than EXPLORED_TIMES."""
EXPLORED_TIMES = 200
EXPLORED_LISTS = 64
"""Lists between two looks at which items those are."""
LEAST_RELEVANCE = 0.2
"""How much an item counts that has nothing in common with what the user had, beside 1 for its twin."""


class NewItems:
    """The newest items that were shown too seldom to know what they are worth."""

    def __init__(self, catalogue: Catalogue, content: Content, exposures: Exposures) -> None:
        self._catalogue, self._content, self._exposures = catalogue, content, exposures
        self._rows, self._age = NO_ROWS, 0

    def forget(self) -> None:
        """Rows belong to other items now: the next list looks anew."""
        self._age = 0

    def explored(
        self, query: Query, allowed: NDArray[np.bool_], taken: Rows, slots: int, seed: int
    ) -> list[RankedItem]:
        """At most `slots` of them for one user, best draw first; the same seed draws the same.

        Args:
            query: The user.
            allowed: [capacity] which rows may be in the list.
            taken: Those among them that may not, or are in it already.
            slots: How many are wanted.
            seed: What chance follows from.
        """
        rows = self._newest()
        rows = rows[allowed[rows] & ~np.isin(rows, taken)]
        relevance = np.maximum(self._content.score(query, rows), LEAST_RELEVANCE)
        drawn = explored(self._exposures.chances(rows), relevance, slots, seed)
        return [
            RankedItem(self._catalogue.item_id(row), 0.0, EXPLORE, [], propensity)
            for row, propensity in zip(rows[drawn.places].tolist(), drawn.propensities.tolist(), strict=True)
        ]

    def _newest(self) -> Rows:
        """Rows of at most EXPLORED_AT_ONCE items, looked up for EXPLORED_LISTS lists at a time."""
        if self._age == 0:
            newest = (row for row, _ in islice(self._catalogue.newest(), NEWEST))
            few = (row for row in newest if self._exposures.arrays.shown[row] < EXPLORED_TIMES)
            self._rows = np.array(list(islice(few, EXPLORED_AT_ONCE)), np.int32)
        self._age = (self._age + 1) % EXPLORED_LISTS
        return self._rows
