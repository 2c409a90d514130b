"""How many a second, and how long it took: over the last seconds, with the clock passed in."""

from collections import deque
from collections.abc import Iterable
from math import ceil

RATE_S = 10
"""Seconds that a rate is taken over."""
LATENCY_S = 60
"""Seconds that percentiles are taken over."""
LATENCIES = 20_000
"""Kept at most; where more come in that time, the last ones count."""


class Rate:
    """Things a second over the last RATE_S whole seconds."""

    def __init__(self) -> None:
        self._by_second: deque[list[int]] = deque(maxlen=RATE_S + 1)

    def add(self, count: int, now_s: float) -> None:
        """Counts things that happened now, by a monotonic clock."""
        second = int(now_s)
        if self._by_second and self._by_second[-1][0] == second:
            self._by_second[-1][1] += count
        else:
            self._by_second.append([second, count])

    def per_s(self, now_s: float) -> float:
        """The rate; the second that has just begun is left out."""
        last = int(now_s)
        return sum(count for second, count in self._by_second if last - RATE_S <= second < last) / RATE_S


class Latencies:
    """Milliseconds that things took, as far as they ended within the last LATENCY_S."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, int]] = deque(maxlen=LATENCIES)

    def add(self, took_ms: int, now_s: float) -> None:
        """Takes one that ended now, by a monotonic clock."""
        self._taken.append((now_s, took_ms))

    def percentiles(self, shares: Iterable[float], now_s: float) -> list[int | None]:
        """For each share the smallest value that so many lie at or below (nearest rank); None without values."""
        while self._taken and now_s - self._taken[0][0] > LATENCY_S:
            self._taken.popleft()
        ordered = sorted(took_ms for _, took_ms in self._taken)
        if not ordered:
            return [None for _ in shares]
        return [ordered[max(0, ceil(share * len(ordered)) - 1)] for share in shares]
