"""One thread for the networks: what is decoded meanwhile goes through them in batches, by modality."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from encoders.base import Encoded
from encoders.modalities import Modality
from streams.encoding.rows import measure
from streams.encoding.spaces import Spaces

logger = logging.getLogger(__name__)

BATCH_S = 0.4
"""What a batch should take at most: so long does the stream's own text wait for it."""

Made = TypeVar("Made")


class Embedder:
    """Runs networks on a thread of their own, so that neither the event loop nor the decoders wait for them."""

    def __init__(self, spaces: Spaces, batch_limit: int) -> None:
        self._spaces = spaces
        self._limit = batch_limit
        self._sizes = dict.fromkeys(spaces, 1)
        self._waiting: dict[Modality, deque[tuple[Any, asyncio.Future[Encoded]]]] = {
            m: deque() for m in spaces
        }
        self._running: dict[Modality, asyncio.Task[None]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encode")

    async def on_thread(self, work: Callable[..., Made], *args: object) -> Made:
        """Runs something else on the networks' thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def embed(self, modality: Modality, prepared: Any) -> Encoded:  # noqa: ANN401  # the encoder's own
        """The vector of one prepared entry, in a batch with whatever else waits."""
        done: asyncio.Future[Encoded] = asyncio.get_running_loop().create_future()
        self._waiting[modality].append((prepared, done))
        if modality not in self._running:
            self._running[modality] = asyncio.create_task(self._drain(modality))
        return await done

    async def _drain(self, modality: Modality) -> None:
        waiting = self._waiting[modality]
        try:
            while waiting:
                size = self._sizes[modality]
                batch = [waiting.popleft() for _ in range(min(size, len(waiting)))]
                started_s = time.perf_counter()
                results = await self.on_thread(self._batch, modality, [prepared for prepared, _ in batch])
                self._pace(modality, len(batch), time.perf_counter() - started_s)
                for (_, done), result in zip(batch, results, strict=True):
                    if not done.done():
                        done.set_result(result)
        finally:
            del self._running[modality]

    def _batch(self, modality: Modality, batch: list[Any]) -> list[Encoded]:
        """One result an entry; where the batch as a whole fails, its entries are tried one by one."""
        encoder = self._spaces[modality].encoder
        started_s = time.perf_counter()
        try:
            encoded = encoder.finish(len(batch), dict(enumerate(batch)), {})
        except Exception as exc:
            if len(batch) > 1:
                return [result for entry in batch for result in self._batch(modality, [entry])]
            logger.exception("the %s encoder %s failed", modality, encoder.name)
            encoded = encoder.finish(1, {}, {0: f"internal: {type(exc).__name__}: {exc}"})
        measure(modality, len(batch), len(encoded.errors), time.perf_counter() - started_s)
        return [
            Encoded(encoded.vectors[i : i + 1], {0: encoded.errors[i]} if i in encoded.errors else {})
            for i in range(len(batch))
        ]

    def _pace(self, modality: Modality, count: int, seconds: float) -> None:
        """Doubles the batch while it takes less than half of what it may, halves it when it takes more."""
        if seconds > BATCH_S:
            self._sizes[modality] = max(1, count // 2)
        elif seconds < BATCH_S / 2 and count == self._sizes[modality]:
            self._sizes[modality] = min(self._limit, count * 2)
