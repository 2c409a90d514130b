"""Tests for change in a series of numbers: river's ADWIN and Page-Hinkley, without what `river.drift` brings along.

That is pandas, scikit-learn and SciPy: 150 MiB and two seconds in every learner. ADWIN is the compiled one that
`river.drift.ADWIN` wraps; both are tested to say what river's say.
"""

from river._river_rust.drift import AdaptiveWindowing

LEAST_COUNT = 30
"""Numbers that Page-Hinkley takes before it says anything."""


class Adwin:
    """Adaptive windowing (Bifet and Gavaldà, 2007), of numbers from 0 to 1."""

    def __init__(self, delta: float) -> None:
        """Bounds the chance of a change that is none."""
        self._delta = delta
        self.is_changed = False
        """Whether the last number ended a window; the next one begins anew."""
        self._reset()

    def _reset(self) -> None:
        self._windows = AdaptiveWindowing(
            delta=self._delta, clock=32, max_buckets=5, min_window_length=5, grace_period=10
        )

    @property
    def mean(self) -> float:
        """Of the window."""
        width = self._windows.get_width()
        return float(self._windows.get_total() / width) if width else 0.0

    def update(self, value: float) -> None:
        """Takes the next number."""
        if self.is_changed:
            self._reset()
        self.is_changed = bool(self._windows.update(value))


class PageHinkley:
    """Whether numbers have grown (Page, 1954; without forgetting, as Gama et al., 2014, give it)."""

    def __init__(self, tolerated: float, threshold: float) -> None:
        """A sum of what is above the mean by more than is tolerated counts once it has risen by the threshold."""
        self._tolerated, self._threshold = tolerated, threshold
        self.is_changed = False
        """Whether the last number was one too many; the next one begins anew."""
        self._reset()

    def _reset(self) -> None:
        self._count, self._mean, self._sum, self._least = 0, 0.0, 0.0, float("inf")

    def update(self, value: float) -> None:
        """Takes the next number."""
        if self.is_changed:
            self._reset()
        self._count += 1
        self._mean += (value - self._mean) / self._count
        self._sum += value - self._mean - self._tolerated
        self._least = min(self._least, self._sum)
        self.is_changed = self._count >= LEAST_COUNT and self._sum - self._least > self._threshold
