"""Whether a process that is handed damaged files forever would grow forever."""

import psutil

GROWTH_LIMIT_BYTES = 128 * 1024 * 1024
"""What allocators and caches may still take once a fifth of the files has been seen."""


def held_bytes() -> int:
    """What this process holds now."""
    return int(psutil.Process().memory_info().rss)


class Growth:
    """Of a process between a fifth of its files and the last."""

    def __init__(self, count: int) -> None:
        self._first = count // 5
        self._bytes: list[int] = []

    def note(self, number: int, held: int) -> None:
        """Takes what the process holds after a file, the files numbered from 0."""
        if number >= self._first:
            self._bytes.append(held)

    def check(self) -> None:
        """Fails if it holds much more at the end: in the last tenth at least, as a large file may be among them."""
        last = self._bytes[-max(1, len(self._bytes) // 10) :]
        grown = min(last) - self._bytes[0]
        assert grown < GROWTH_LIMIT_BYTES, f"{grown / 2**20:.0f} MiB more than after a fifth of the files"
