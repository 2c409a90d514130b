"""queries → queries: what is searched for comes back as a vector, made beside the stream by the items' own encoders.

A query's text or file goes through the networks in one batch with whatever else waits for them, and nothing else waits
for it: neither media nor other queries. Its record is acknowledged when the vector is.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import faust
import msgspec

from encoders.base import BadEntryError
from encoders.content import content_hash
from encoders.modalities import Modality
from streams.app import add_agent
from streams.clock import now_ms
from streams.embeddings import Embedded
from streams.encoding.embedder import Embedder
from streams.encoding.files import FileEncoding
from streams.encoding.sources import Source, medium_hash
from streams.encoding.spaces import Space, Spaces
from streams.events import Medium, Query
from streams.liveness import Liveness
from streams.producer import BatchProducer, Outgoing
from streams.queries import SearchQuery, decode_query, encode_query
from streams.runs import Run
from streams.settings import Settings
from streams.topics import full_name

logger = logging.getLogger(__name__)

AT_ONCE = 64
"""Queries in work; beyond it `queries` is not read."""


class QueriesToVectors:
    """Encodes queries, each by itself; one that cannot be encoded goes back with the reason."""

    def __init__(
        self,
        settings: Settings,
        spaces: Spaces,
        embedder: Embedder,
        files: FileEncoding,
        producer: BatchProducer,
        liveness: Liveness,
    ) -> None:
        self._spaces = spaces
        self._embedder = embedder
        self._files = files
        self._producer = producer
        self._check = liveness.check
        self._queries = full_name(settings, "queries")
        self._room = asyncio.Semaphore(AT_ONCE)

    async def work(self, runs: Sequence[Run]) -> "asyncio.Future[Any]":
        """Starts on every query that has no vector yet, as there is room.

        Returns:
            A future that is done when all of them are on their way back.
        """
        started: list[asyncio.Task[None]] = []
        for record in (record for run in runs for record in run if run.is_current()):
            query = decode_query(record.value or b"")
            if query.row is None:
                await self._room.acquire()
                started.append(asyncio.create_task(self._answer(record.key, record.partition, query)))
        return asyncio.gather(*started)

    async def _answer(self, key: bytes | None, partition: int, query: SearchQuery) -> None:
        try:
            assert query.request.query is not None
            modality, raw = _given(query.request.query)
            row = await self._guarded(modality, raw, query.request.deadline_ms)
            # The vector stands for what was asked; a file need not travel any further.
            request = msgspec.structs.replace(query.request, query=Query(text=modality))
            answered = msgspec.structs.replace(query, request=request, modality=modality, row=row)
            back = Outgoing(self._queries, key, encode_query(answered), partition)
            await self._producer.deliver([back], self._check)
        finally:
            self._room.release()

    async def _guarded(self, modality: Modality, raw: str | Medium, deadline_ms: int | None) -> Embedded:
        space = self._spaces.get(modality)
        if space is None:
            return _failed(f"FRESHET_{modality.upper()}_ENCODER is none")
        try:
            async with asyncio.timeout(None if deadline_ms is None else (deadline_ms - now_ms()) / 1000):
                return await self._row(modality, space, raw)
        except TimeoutError:
            return _failed("not encoded before the deadline")
        except Exception as exc:
            logger.exception("a query could not be encoded")
            return _failed(f"internal: {type(exc).__name__}: {exc}")

    async def _row(self, modality: Modality, space: Space, raw: str | Medium) -> Embedded:
        if isinstance(raw, Medium):
            (row,) = await self._files.rows({modality: Source(medium_hash(raw), raw)})
            return row
        try:
            prepared = space.encoder.prepare(raw)
        except BadEntryError as exc:
            return _failed(str(exc))
        return await self._embedder.embed(modality, content_hash(raw), prepared)


def _given(query: Query) -> tuple[Modality, str | Medium]:
    if query.image is not None:
        return "image", query.image
    if query.audio is not None:
        return "audio", query.audio
    return "text", query.text or ""


def _failed(reason: str) -> Embedded:
    return Embedded("", "", b"", reason)


def connect(
    app: faust.App, settings: Settings, worker: QueriesToVectors, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`."""

    async def queries_to_vectors(runs: list[Run], acknowledge: Callable[[], object]) -> None:
        def finish(done: "asyncio.Future[Any]") -> None:
            if not done.cancelled() and (error := done.exception()) is not None:
                fail(error)
            elif not done.cancelled():
                acknowledge()

        (await worker.work(runs)).add_done_callback(finish)

    add_agent(app, settings, "queries", queries_to_vectors, fail)
