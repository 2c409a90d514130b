"""What a worker does when partitions are assigned or taken away: load what it owns, finish what is in work."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import faust
from faust.types import TP

from streams import metrics

logger = logging.getLogger(__name__)

FINISH_S = 5.0
"""How long a batch in work may hold up a rebalance."""


class Owned(Protocol):
    """What is loaded for the partitions that a worker owns."""

    ready: asyncio.Event
    """Set while what is loaded fits the newest assignment; no batch starts without it."""

    async def load(self, partitions: set[int]) -> None:
        """Loads exactly these partitions and sets `ready`."""


@asynccontextmanager
async def in_turn(ready: asyncio.Event, working: asyncio.Lock) -> AsyncIterator[None]:
    """Runs its body while it holds `working`, and only when what is owned is `ready`; waits for both."""
    while True:
        await ready.wait()
        async with working:
            # Ownership may have been let go of while another batch was in work.
            if ready.is_set():
                yield
                return


async def keep_up(ready: asyncio.Event, turn: Callable[[], Awaitable[None]], pause_s: float) -> None:
    """Takes one turn after the other, with pauses, whenever what is owned is `ready`; ends with the first error."""
    while True:
        await ready.wait()
        await turn()
        await asyncio.sleep(pause_s)


class Ownership:
    """Loads what is owned after each assignment, and lets go of it before the next.

    From a revocation until the newest assignment is loaded, `ready` is not set: a batch that started in between would
    take its partitions for somebody else's. Loading is not awaited inside the rebalance, where it would hold up
    heartbeats. It begins when no batch is in work: one that outlasts the rebalance would find users half loaded, and
    write as new who is none.
    """

    def __init__(
        self,
        app: faust.App,
        topic: str,
        owned: Owned,
        finish: Callable[[], Awaitable[None]],
        on_error: Callable[[BaseException], None],
    ) -> None:
        """`finish` returns when the batch in work, if any, is written."""
        self._topic = topic
        self._owned = owned
        self._finish = finish
        self._on_error = on_error
        self._loading: asyncio.Task[None] | None = None
        self.partitions: set[int] = set()
        """Those of the newest assignment."""
        self.loaded = asyncio.Event()
        """Set once an assignment was loaded, and from then on, also where it was empty."""
        app.on_partitions_assigned.connect(cast(Any, self._assigned), weak=False)
        app.on_partitions_revoked.connect(self._revoked, weak=False)

    async def let_go(self) -> None:
        """Has no further batch start, and waits for the one in work, at most `FINISH_S`."""
        if self._loading is not None and not self._loading.done():
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        self._owned.ready.clear()
        try:
            await asyncio.wait_for(self._finish(), FINISH_S)
        except TimeoutError:
            logger.warning("a batch of %s is still in work; its events will be worked again", self._topic)

    async def _assigned(self, _app: object, *args: Any, **_: Any) -> None:  # noqa: ANN401  # a signal
        assigned: set[TP] = args[0]
        metrics.REBALANCES.inc()
        await self.let_go()
        self.partitions = {tp.partition for tp in assigned if tp.topic == self._topic}
        logger.info("assigned %s of %s", sorted(self.partitions), self._topic)
        self._loading = asyncio.get_running_loop().create_task(self._load(self.partitions))

    async def _revoked(self, *_: Any, **__: Any) -> None:  # noqa: ANN401  # a signal
        await self.let_go()

    async def _load(self, partitions: set[int]) -> None:
        try:
            await self._finish()
            await self._owned.load(partitions)
            self.loaded.set()
        except asyncio.CancelledError:
            raise
        except BaseException as exc:
            self._on_error(exc)
