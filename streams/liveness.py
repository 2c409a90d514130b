"""A worker that was frozen longer than its session allows must not write: another one owns its partitions."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

EXIT_FROZEN = 75
ORPHAN_GRACE_S = 5.0


class Liveness:
    """Notices, before anything is produced, that this process stood still for too long since the last check."""

    def __init__(
        self,
        limit_s: float,
        clock: Callable[[], float] = time.monotonic,
        leave: Callable[[int], None] = os._exit,
    ) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._leave = leave
        self._last: float | None = None

    def check(self) -> None:
        """Ends the process at once if it stood still for too long. Call it before every produce."""
        now = self._clock()
        if self._last is not None and now - self._last > self._limit_s:
            still_s = now - self._last
            sys.stderr.write(
                f"freshet: stood still for {still_s:.1f} s, so another owns my partitions: leaving\n"
            )
            sys.stderr.flush()
            self._leave(EXIT_FROZEN)
        self._last = now

    async def watch(self) -> None:
        """Checks four times a second, for ever."""
        while True:
            self.check()
            await asyncio.sleep(0.25)


def end_with_parent(parent_pid: int) -> None:
    """Ends this process soon after its parent is gone, however that ended; looks twice a second."""

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ORPHAN_GRACE_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
