"""What a worker does when partitions are assigned or taken away: load what it owns, finish what is in work."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import faust
from faust.types import TP

from streams import metrics

logger = logging.getLogger(__name__)

FINISH_S = 5.0
"""How long a batch in work may hold up a rebalance."""


class Ownership:
    """Calls `load` with the owned partitions of one topic after each assignment; the newest assignment wins.

    Loading is not awaited inside the rebalance, where it would hold up heartbeats: agents wait for `ready`.
    """

    def __init__(
        self,
        app: faust.App,
        topic: str,
        load: Callable[[set[int]], Awaitable[None]],
        finish: Callable[[], Awaitable[None]],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._topic = topic
        self._load = load
        self._finish = finish
        self._on_error = on_error
        self._loading: asyncio.Task[None] | None = None
        app.on_partitions_assigned.connect(cast(Any, self._assigned), weak=False)
        app.on_partitions_revoked.connect(self._revoked, weak=False)

    async def _assigned(self, _app: object, *args: Any, **_: Any) -> None:  # noqa: ANN401  # a signal
        assigned: set[TP] = args[0]
        metrics.REBALANCES.inc()
        if self._loading is not None and not self._loading.done():
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        partitions = {tp.partition for tp in assigned if tp.topic == self._topic}
        logger.info("assigned %s of %s", sorted(partitions), self._topic)
        self._loading = asyncio.get_running_loop().create_task(self._run(partitions))

    async def _revoked(self, *_: Any, **__: Any) -> None:  # noqa: ANN401  # a signal
        try:
            await asyncio.wait_for(self._finish(), FINISH_S)
        except TimeoutError:
            logger.warning("a batch of %s is still in work; its events will be worked again", self._topic)

    async def _run(self, partitions: set[int]) -> None:
        try:
            await self._load(partitions)
        except asyncio.CancelledError:
            raise
        except BaseException as exc:
            self._on_error(exc)
