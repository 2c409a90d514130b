"""Lists made varied, or of the kinds that their users have, by what is known of the items."""

import numpy as np
from numpy.typing import NDArray

from online.catalogue import Categories
from online.ranking.arrangement import Arrangement
from online.ranking.calibration import calibrated, miscalibration
from online.ranking.candidates import Best
from online.ranking.diversity import POOL_FACTOR, Diversifier, diversified, likeness
from online.statistics.base import Floats, Rows
from online.statistics.content import Vectors
from online.statistics.popularity import Counts

Had = tuple[Rows, Floats]
"""[h] rows that the user had, negative ones are skipped, and [h] how much each counts."""


class Variety:
    """Sees the items as the arrays are at each call."""

    def __init__(self, vectors: Vectors, categories: Categories, all_time: Counts) -> None:
        self._vectors, self._categories, self._all_time = vectors, categories, all_time

    def arranged(self, ranked: Best, rows: Rows, had: Had, count: int, arrangement: Arrangement) -> Best:
        """The `count` best with a varied head: what was not chosen for it follows as it was.

        Args:
            ranked: Candidates, [n].
            rows: [n]
            had: What the user had.
            count: How many are wanted.
            arrangement: How varied, how, and how long the head is.
        """
        pool_size = POOL_FACTOR * arrangement.places
        head = self.varied(
            rows[:pool_size],
            ranked.scores[:pool_size],
            had,
            arrangement.places,
            arrangement.diversity,
            arrangement.diversifier,
        )
        order = np.concatenate((head, np.delete(np.arange(len(rows)), head)))[:count]
        return Best(ranked.places[order], ranked.scores[order])

    def varied(
        self, rows: Rows, scores: Floats, had: Had, k: int, dial: float, diversifier: Diversifier
    ) -> NDArray[np.int64]:
        """Which k of [n] rows, best first by their [n] scores, make a varied list; see `online.ranking.diversity`.

        Args:
            rows: [n]
            scores: [n] estimates of probabilities.
            had: What the user had.
            k: How many are chosen.
            dial: From 0, the order as it is, to below 1.
            diversifier: How.
        """
        if diversifier == "calibrated":
            return calibrated(scores, self._labels(rows), *self._labelled(had), k, dial)
        alike = likeness(self._vectors.units[rows], self._labels(rows))
        counts = self._all_time.counts[rows].astype(np.float32)
        return diversified(scores, alike, counts, k, dial, diversifier)

    def miscalibration(self, rows: Rows, had: Had) -> float | None:
        """How far the kinds of a list's rows are from those of what the user had; None where those are not known."""
        return miscalibration(self._labels(rows), *self._labelled(had))

    def _labels(self, rows: Rows) -> Rows:
        """[n, labels] what each of [n] rows is by category and tags; 0 where there is none."""
        found: Rows = self._categories.slots[rows]
        return found

    def _labelled(self, had: Had) -> tuple[Rows, Floats]:
        is_known = had[0] >= 0
        return self._labels(had[0][is_known]), had[1][is_known]
