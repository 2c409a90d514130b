"""One thread for the networks: what is decoded meanwhile goes through them in batches, by modality."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from encoders.modalities import Modality
from streams.embeddings import Embedded
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
        self._waiting: dict[Modality, deque[tuple[str, Any, asyncio.Future[Embedded]]]] = {
            m: deque() for m in spaces
        }
        self._running: dict[Modality, asyncio.Task[None]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="encode")

    async def on_thread(self, work: Callable[..., Made], *args: object) -> Made:
        """Runs something else on the networks' thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def embed(self, modality: Modality, content_hash: str, prepared: Any) -> Embedded:  # noqa: ANN401  # the encoder's own
        """What is kept of one prepared entry, made in a batch with whatever else waits."""
        done: asyncio.Future[Embedded] = asyncio.get_running_loop().create_future()
        self._waiting[modality].append((content_hash, prepared, done))
        if modality not in self._running:
            self._running[modality] = asyncio.create_task(self._drain(modality))
        return await done

    def waiting(self) -> int:
        """Entries that wait for a network."""
        return sum(map(len, self._waiting.values()))

    async def _drain(self, modality: Modality) -> None:
        waiting = self._waiting[modality]
        try:
            while waiting:
                size = self._sizes[modality]
                batch = [waiting.popleft() for _ in range(min(size, len(waiting)))]
                started_s = time.perf_counter()
                hashes, prepared, futures = zip(*batch, strict=True)
                rows = await self.on_thread(self._rows, modality, hashes, prepared)
                self._pace(modality, len(batch), time.perf_counter() - started_s)
                for done, row in zip(futures, rows, strict=True):
                    if not done.done():
                        done.set_result(row)
        finally:
            del self._running[modality]

    def _rows(self, modality: Modality, hashes: Sequence[str], prepared: Sequence[Any]) -> list[Embedded]:
        """One row an entry; where the batch as a whole fails, its entries are tried one by one."""
        space = self._spaces[modality]
        started_s = time.perf_counter()
        try:
            encoded = space.encoder.finish(len(prepared), dict(enumerate(prepared)), {})
        except Exception as exc:
            if len(prepared) > 1:
                pairs = zip(hashes, prepared, strict=True)
                return [row for one, entry in pairs for row in self._rows(modality, [one], [entry])]
            logger.exception("the %s encoder %s failed", modality, space.encoder.name)
            measure(modality, 1, 1, time.perf_counter() - started_s)
            # A device without memory, or one that is lost, says nothing about the file.
            return [space.failed(hashes[0], f"internal: {type(exc).__name__}: {exc}", transient=True)]
        measure(modality, len(prepared), len(encoded.errors), time.perf_counter() - started_s)
        return space.rows(hashes, encoded)

    def _pace(self, modality: Modality, count: int, seconds: float) -> None:
        """Doubles the batch while it takes less than half of what it may, halves it when it takes more."""
        if seconds > BATCH_S:
            self._sizes[modality] = max(1, count // 2)
        elif seconds < BATCH_S / 2 and count == self._sizes[modality]:
            self._sizes[modality] = min(self._limit, count * 2)
