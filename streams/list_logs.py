"""Which lists are handed to the learner, with their features: as many as it can learn from."""

import logging
import time
from collections.abc import Callable

from online.events import Event, ListLog
from online.recommender import Recommender
from online.state import UserState
from streams import metrics
from streams.hurry import LOGGED_SHARE

logger = logging.getLogger(__name__)

BURST_S = 1.0
"""So many seconds' lists may be handed over at once after a quiet while, and always one."""


class ListLogs:
    """Logs the list that meets a user's new set, at most so many a second; the others are learned by the fold alone."""

    def __init__(
        self, recommender: Recommender, lists_per_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._recommender = recommender
        self._lists_per_s = lists_per_s
        self._clock = clock
        self._allowed = lists_per_s * BURST_S
        self._since_s = clock()

    def log(self, state: UserState, event: Event, hurried: bool) -> ListLog | None:
        """The log of the list that the event meets, where it opens a set; call it before the event is applied.

        In a hurry it is that of a hurried list, and the budget grows by LOGGED_SHARE of what it does otherwise.
        """
        if event.timestamp_ms == state.open_ms or state.has_passed(event):
            return None
        if not self._take(LOGGED_SHARE if hurried else 1.0):
            return None
        now_ms = event.timestamp_ms
        try:
            found = self._recommender.candidates(state, now_ms=now_ms, wall_ms=now_ms, hurried=hurried)
            return self._recommender.log(found)
        except Exception:
            # The event counts all the same; what cannot be logged is only not learned from.
            logger.exception("no log of the list before the event at %s", event.cursor)
            metrics.LIST_FAILURES.inc()
            return None

    def _take(self, share: float) -> bool:
        now_s = self._clock()
        earned = (now_s - self._since_s) * self._lists_per_s * share
        self._since_s = now_s
        self._allowed = min(self._allowed + earned, max(self._lists_per_s * BURST_S, 1.0))
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True
