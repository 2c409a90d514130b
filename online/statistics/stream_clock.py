"""The time that statistics forget by."""

import math

import numpy as np
from numpy.typing import NDArray

from online.recommender_config import DAY_S

EVENT_S = DAY_S / 100
"""What an event allows to pass: on a stream of fewer than a hundred a day, a hundred make a day."""
LONGEST_S = 7 * DAY_S
"""What passes at most while nothing happens."""


class StreamClock:
    """Goes with the events' time, but no faster than they come.

    Half-lives are days. On a stream of a dozen events a day nearly all would be forgotten before anything was seen
    twice, and after a pause everything; there, what happens counts instead of the days. Each event allows for some
    time to pass, now or later.
    """

    def __init__(self) -> None:
        self.last_s = math.nan
        """Time of the latest event; not a number before the first."""
        self._stream_s = math.nan
        """What the clock said then."""
        self._allowed_s = 0.0
        """What may pass until the next event."""

    def advance(self, timestamp_s: float, event_count: int) -> float:
        """Takes a set of events.

        Returns:
            The time to fold it at; a late set's is as much earlier as it is late.
        """
        if math.isnan(self.last_s):
            self.last_s = self._stream_s = timestamp_s
        # Where nothing holds the clock back, a rounded sum may be a little later than the event.
        found = min(timestamp_s, self._stream_s + min(timestamp_s - self.last_s, self._allowed_s))
        if timestamp_s > self.last_s:
            self._allowed_s -= found - self._stream_s
            self.last_s, self._stream_s = timestamp_s, found
        self._allowed_s = min(self._allowed_s + event_count * EVENT_S, LONGEST_S)
        return found

    def at(self, now_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the clock says at some times, in seconds; before the first event, the times themselves.

        Never less than at the latest event: what is asked for somebody who has been away is asked now, or else what
        others had since would count for more than it did when they had it.
        """
        if math.isnan(self.last_s):
            return now_s
        told: NDArray[np.float64] = self._stream_s + np.clip(now_s - self.last_s, 0.0, self._allowed_s)
        return told

    def begin(self, last_s: float) -> None:
        """Goes on from statistics that were kept without a clock, whose latest event was at that time."""
        self.last_s = self._stream_s = last_s
        self._allowed_s = LONGEST_S

    def save(self) -> dict[str, np.ndarray]:
        """All that it remembers."""
        return {"times": np.array([self.last_s, self._stream_s, self._allowed_s])}

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.last_s, self._stream_s, self._allowed_s = saved["times"].tolist()
