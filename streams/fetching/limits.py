"""How long a fetch may take, and how many run at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

HOST_SHARE = 4
"""One host gets at most this part of all fetches, a quarter: a dead one leaves the rest to the others."""


def host_count(count: int) -> int:
    """How many of so many one host may have."""
    return max(1, count // HOST_SHARE)


class Budget:
    """The seconds that a fetch still has, all its attempts and pauses together, but not waiting for its turn."""

    def __init__(self, seconds: float, now_s: Callable[[], float]) -> None:
        self.left_s = seconds
        self._now_s = now_s

    def take(self, seconds: float) -> None:
        """Counts a pause."""
        self.left_s -= seconds

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Counts what happens inside.

        Raises:
            TimeoutError: The seconds are used up.
        """
        started_s = self._now_s()
        try:
            async with asyncio.timeout(max(self.left_s, 0.0)):
                yield
        finally:
            self.take(self._now_s() - started_s)


class Turns:
    """Bounds what runs at once, overall and per host."""

    def __init__(self, count: int) -> None:
        self._all = asyncio.Semaphore(count)
        self._host_count = host_count(count)
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Waits until it is this host's turn, and holds it."""
        host_turns = self._hosts.setdefault(host, asyncio.Semaphore(self._host_count))
        self._users[host] += 1
        try:
            # The host's first: who waits for a slow host must not hold one of the places of all.
            async with host_turns, self._all:
                yield
        finally:
            self._users[host] -= 1
            if not self._users[host]:
                del self._users[host], self._hosts[host]
