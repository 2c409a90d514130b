"""Time that passes in the log of examples while nothing happens: without it what came last would wait to be learned."""

import asyncio
import random

from online import example_codec
from online.fold import ExampleFold
from online.sets import OPEN_FOR_MS
from streams.liveness import Liveness
from streams.producer import BatchProducer, Outgoing
from streams.settings import Settings
from streams.topics import full_name


class QuietLog:
    """Ends quiet spells of the log: sets close by the log's own clock alone, which stands while nothing is written."""

    def __init__(
        self, settings: Settings, fold: ExampleFold, producer: BatchProducer, liveness: Liveness
    ) -> None:
        """A watch over the log that `fold` follows."""
        self._examples = full_name(settings, "examples")
        self._fold = fold
        self._producer = producer
        self._check = liveness.check

    async def watch(self) -> None:
        """Lets time pass wherever the log stands and sets are open, for ever."""
        while True:
            seen_ms = self._fold.clock_ms
            # Whose turn comes first among the workers writes; the others see the log's clock move.
            await asyncio.sleep(OPEN_FOR_MS / 1000 * random.uniform(1.1, 2.0))
            if self._fold.clock_ms == seen_ms:
                await self.let_time_pass()

    async def let_time_pass(self) -> None:
        """Writes a run of no examples, if any set is open."""
        run = self._fold.quiet_run()
        if run is not None:
            record = Outgoing(self._examples, b"quiet", example_codec.pack(run), 0)
            await self._producer.deliver([record], self._check)
