"""Notices when a ranking gets worse all of a sudden, because what decides has changed.

Losses and hits of lists not learned yet go through two tests each, over all lists and over three kinds of them: ADWIN
(Bifet & Gavaldà, 2007) and Page-Hinkley (Page, 1954; Gama et al., 2014). Only a change for the worse is an alarm.
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from online.learning.alarm import Alarm, Measure, Segment, Test
from online.learning.change import Adwin, PageHinkley

SEGMENTS: tuple[Segment, ...] = ("all", "cold_items", "new_users", "warm")
MEASURES: tuple[Measure, ...] = ("loss", "hit_rate")

ADWIN_DELTA = 1e-6
"""Bounds ADWIN's chance of an alarm without a cause: small, since a user's lists in a row are much alike."""
LARGEST_LOSS = 10.0
"""ADWIN takes numbers from 0 to 1: a larger loss counts as this."""
TOLERATED = 0.25
"""Page-Hinkley minds what is worse than usual by more than this, in standard deviations."""
THRESHOLD = 60.0
"""So many standard deviations beyond that, summed up over lists, are an alarm."""
QUIET_LISTS = 1_000
"""At first and after an alarm, so many lists of the kind say what is usual before anything is an alarm."""
USUAL_LISTS = 500
"""About so many lists say what is usual."""
LATE_LISTS = 50
"""About so many lists say what is the case now."""


class Seen(NamedTuple):
    """One list, ranked before it is learned."""

    loss: float
    is_hit: bool
    is_cold: bool
    """Whether an item that was had is one that few had before."""
    is_new_user: bool
    timestamp_ms: int

    def segments(self) -> Iterator[Segment]:
        """The kinds of lists that it is of."""
        yield "all"
        if self.is_cold:
            yield "cold_items"
        if self.is_new_user:
            yield "new_users"
        if not (self.is_cold or self.is_new_user):
            yield "warm"


class DriftWatch:
    """Looks at each list once, in the stream's order. A new process starts anew: what is usual is soon known."""

    def __init__(self) -> None:
        self._series = {key: _Series(key[1]) for key in product(SEGMENTS, MEASURES)}

    def look(self, seen: Seen) -> list[Alarm]:
        """The alarms that the list sets off."""
        values: dict[Measure, float] = {"loss": seen.loss, "hit_rate": float(seen.is_hit)}
        alarms = []
        for segment, measure in product(seen.segments(), MEASURES):
            series = self._series[segment, measure]
            test = series.update(values[measure])
            if test is not None:
                usual, now = round(series.usual, 4), round(series.now, 4)
                alarms.append(Alarm(seen.timestamp_ms, segment, measure, test, usual, now))
                self._series[segment, measure] = _Series(measure)
        return alarms


class _Series:
    """One measure of one kind of lists, since the last alarm."""

    def __init__(self, measure: Measure) -> None:
        self._worse = 1.0 if measure == "loss" else -1.0
        self._largest = LARGEST_LOSS if measure == "loss" else 1.0
        self._count = 0
        self.usual = self.now = self._variance = 0.0
        self._adwin = Adwin(ADWIN_DELTA)
        self._page_hinkley = PageHinkley(TOLERATED, THRESHOLD)

    def update(self, value: float) -> Test | None:
        """Takes the next value; the test that says that it has become worse, if one does."""
        self._count += 1
        before = self._adwin.mean
        self._adwin.update(min(value / self._largest, 1.0))
        got_worse = self._worse * (self._adwin.mean - before) > 0
        if self._count > QUIET_LISTS:
            surprise = self._worse * (value - self.usual) / max(self._variance, 1e-6) ** 0.5
            self._page_hinkley.update(surprise)
        change = value - self.usual
        self.usual += change / min(self._count, USUAL_LISTS)
        self._variance += (change**2 - self._variance) / min(self._count, USUAL_LISTS)
        self.now += (value - self.now) / min(self._count, LATE_LISTS)
        if self._count > QUIET_LISTS and self._adwin.is_changed and got_worse:
            return "adwin"
        return "page_hinkley" if self._page_hinkley.is_changed else None
