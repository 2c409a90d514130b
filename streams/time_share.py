"""What may have a share of the time only: after each turn it rests."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TimeShare:
    """Measures turns, and says when the next may begin."""

    def __init__(self, share: float, clock: Callable[[], float] = time.perf_counter) -> None:
        """Of the clock's seconds, at most this share is for turns."""
        self._share, self._clock = share, clock
        self._rests_until_s = clock()

    def is_free(self) -> bool:
        """Whether a turn may begin."""
        return self._clock() >= self._rests_until_s

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Within it time is spent."""
        start_s = self._clock()
        yield
        end_s = self._clock()
        self._rests_until_s = end_s + (end_s - start_s) * (1 / self._share - 1)
