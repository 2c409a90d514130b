"""From a slow list to its event: a line in the log that names it, now and then."""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

SLOW_S = 1.0
"""A list that comes later than this after its event is slow."""
LOG_EVERY_S = 10.0
"""One slow list in this time is named: after a pause all are slow, and one says as much as thousands."""


class SlowLists:
    """Names slow lists' events, at most one in LOG_EVERY_S."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Has named none; `clock` says the seconds."""
        self._clock = clock
        self._named_s = -LOG_EVERY_S
        self._unnamed = 0

    def note(self, place: str, seconds: float) -> None:
        """A list was acknowledged so long after the event that lies there."""
        if seconds < SLOW_S:
            return
        now_s = self._clock()
        if now_s - self._named_s < LOG_EVERY_S:
            self._unnamed += 1
            return
        logger.warning(
            "a list came %.1f s after its event, and %d more were slow before it: see `freshet trace %s`",
            seconds, self._unnamed, place,
        )  # fmt: skip
        self._named_s, self._unnamed = now_s, 0
