"""What each item is beyond its media: who liked it, and who did not, as far as others like it do not say.

How far that is believed is learned from examples before they are learned from: on some streams it tells little of them.
"""

import math
from collections.abc import Mapping

import numpy as np

from online.statistics.base import Floats, Rows

LOST = 1.0
"""Times the rate: what a step leaves out of it. Media speak for what nothing was heard of for long."""
HALF_BELIEVED = 30.0
"""At first, what was had so often has half of its part: the media speak for what few had, and have to be learned."""
MOST, BELIEF_RATE = 3_000.0, 0.01
"""That count lies between 1 and MOST, and changes by about this share in a step."""
SQUARE_KEPT = 0.99
LEAST_SQUARE = 1e-16


class OwnParts:
    """A part of each item's vector, learned by row at a rate of the row's own (RMSProp; Hinton, 2012).

    It is lost by itself, so that it has to be confirmed. Pages of memory are taken when they are first written.
    """

    def __init__(self, capacity: int, dim: int, rate: float) -> None:
        """All are zero."""
        self._kept = np.float32(1 - LOST * rate)
        self._values = np.zeros((capacity, dim), np.float32)
        self._squares = np.zeros(capacity, np.float32)
        """[capacity] running mean of the gradients' squares; 0 before the first."""
        self._counts = np.zeros(capacity, np.float32)
        """[capacity] how often each item was had."""
        self._steps = np.zeros(capacity, np.int64)
        """[capacity] when each value was taken down."""
        self.half_believed = HALF_BELIEVED
        self._belief_square = 0.0
        """As `_squares`."""

    def of(self, rows: Rows, step: int) -> Floats:
        """[n, dim] of some items at a step, as far as they are believed."""
        values: Floats = self._at(rows, step) * self._believed(rows)[:, None]
        return values

    def _believed(self, rows: Rows) -> Floats:
        counts = self._counts[rows]
        shares: Floats = counts / (counts + np.float32(self.half_believed))
        return shares

    def _at(self, rows: Rows, step: int) -> Floats:
        kept = self._kept ** (step - self._steps[rows]).astype(np.float32)
        values: Floats = self._values[rows] * kept[:, None]
        return values

    def count(self, rows: Rows) -> None:
        """Each of these was had."""
        np.add.at(self._counts, rows, 1)

    def believe(self, rows: Rows, gradient: Floats, step: int) -> None:
        """Learns how far to believe these.

        Args:
            rows: Items, all different.
            gradient: [n, dim] of the loss by what `of` gave for them, of examples that nothing was learned from yet.
            step: The step that is made.
        """
        shares = self._believed(rows)
        by_share = (gradient * self._at(rows, step)).sum(axis=1)
        by_log = -float((by_share * shares * (1 - shares)).sum())
        self._belief_square = float(_mean_square(self._belief_square, by_log**2))
        moved = by_log / math.sqrt(max(self._belief_square, LEAST_SQUARE))
        self.half_believed = min(max(self.half_believed * math.exp(-BELIEF_RATE * moved), 1.0), MOST)

    def learn(self, rows: Rows, gradient: Floats, rate: float, step: int) -> None:
        """Moves these, which are all different, against [n, dim] the gradient."""
        squares = _mean_square(self._squares[rows], np.square(gradient).mean(axis=1))
        moved = gradient / np.sqrt(np.maximum(squares, LEAST_SQUARE))[:, None]
        self._values[rows] = self._at(rows, step) - rate * moved
        self._squares[rows], self._steps[rows] = squares, step

    def forget(self, rows: Rows) -> None:
        """These will be other items'."""
        self._values[rows] = self._squares[rows] = self._counts[rows] = self._steps[rows] = 0

    def learned(self, rows: Rows) -> Rows:
        """Those of the rows of which anything was learned."""
        found: Rows = rows[self._squares[rows] > 0]
        return found

    def save(self, rows: Rows, step: int) -> dict[str, np.ndarray]:
        """Those of some items at a step."""
        belief = np.array([self.half_believed, self._belief_square])
        found = {"values": self._at(rows, step), "squares": self._squares[rows], "counts": self._counts[rows]}
        return found | {"belief": belief}

    def load(self, saved: Mapping[str, np.ndarray], rows: Rows, step: int) -> None:
        """Takes back what `save` gave; a negative row is passed over, of others nothing is known."""
        self.forget(np.flatnonzero(self._squares + self._counts).astype(np.int32))
        there = rows >= 0
        self._values[rows[there]] = saved["values"][there]
        self._squares[rows[there]] = saved["squares"][there]
        self._counts[rows[there]] = saved["counts"][there]
        self._steps[rows[there]] = step
        if "belief" in saved:  # an earlier version's snapshot has none
            self.half_believed, self._belief_square = saved["belief"].tolist()


def _mean_square(kept: Floats | float, newest: Floats | float) -> Floats:
    """Running means of squares, of which none is kept before the first."""
    return np.where(np.asarray(kept) > 0, kept + (1 - SQUARE_KEPT) * (newest - kept), newest)
