"""media → items, embeddings: patches are merged, what is new is encoded once, documents say what there is.

An item's embeddings are acknowledged before its document, the document before its media events: the document
carries the cursor, so whatever it has passed need not be done again. Texts and places are encoded at once; files
are fetched and decoded beside the stream, and the item is published again when they have landed. Nothing has to be
remembered of that: what a document has and its embeddings have not, is done by whoever owns the item next.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import faust
import msgspec

from online import example_codec
from online.events import ItemDeleted
from streams import metrics
from streams.app import add_agent
from streams.embeddings import Embedding, encode_embedding
from streams.encoding.embedder import Embedder
from streams.encoding.rows import RowMaker
from streams.encoding.sources import AT_HAND, FETCHED
from streams.events import ItemDocument
from streams.identity import LogIdentity
from streams.liveness import Liveness
from streams.ownership import in_turn
from streams.patches import Changed, Patches
from streams.producer import BatchProducer, Outgoing
from streams.runs import Run
from streams.settings import Settings
from streams.stores.documents import DocumentStore, Entry, document_headers
from streams.topics import full_name

logger = logging.getLogger(__name__)

TURN_S = 0.01
"""Time spent merging patches before others have their turn in the loop."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ItemDocument).decode


class MediaToItems:
    """Works batches of media events, one at a time."""

    def __init__(
        self,
        settings: Settings,
        store: DocumentStore,
        maker: RowMaker,
        embedder: Embedder,
        producer: BatchProducer,
        liveness: Liveness,
        log: LogIdentity,
    ) -> None:
        self._settings = settings
        self._store = store
        self._maker = maker
        self._embedder = embedder
        self._producer = producer
        self._check = liveness.check
        self._log = log
        self._working = asyncio.Lock()
        self._names = {base: full_name(settings, base) for base in ("items", "embeddings", "examples")}
        self.on_missing: Callable[[str, int], None] = lambda _item_id, _partition: None
        """Called with an item's id and partition when files of it have yet to be encoded."""

    async def work(self, runs: Sequence[Run]) -> None:
        """Works a batch through to acknowledged documents."""
        async with in_turn(self._store.ready, self._working):
            await self._work(runs)

    async def refresh(self, items: Sequence[tuple[str, int]]) -> None:
        """Publishes items again, by id and partition, with all that is encoded of them by now."""
        async with in_turn(self._store.ready, self._working):
            known = ((i, p, self._store.get(i, p)) for i, p in items if self._store.owns(p))
            await self._publish(
                [
                    Changed(i, p, e.cursor, None if e.document is None else _decode(e.document), e.media_ms)
                    for i, p, e in known
                    if e.cursor is not None
                ]
            )

    async def finish(self) -> None:
        """Returns when the batch in work, if any, is written."""
        async with self._working:
            pass

    async def _work(self, runs: Sequence[Run]) -> None:
        patches = Patches(self._settings, self._store, self._log.id)
        for run in runs:
            if run.is_current():
                await self._log.confirm(run[0].partition, run[0].offset)
                await self._merge(patches, run)
        await self._producer.deliver(patches.outgoing, self._check)
        changed = list(patches.changed.values())
        size = self._settings.encode_batch_items
        for start in range(0, len(changed), size):
            if not all(run.is_current() for run in runs):
                return  # superseded while a part was written: all of it comes again, to whoever owns it then
            part = changed[start : start + size]
            self._try_again(part)
            await self._publish(part)
            for c in part:
                if c.document is not None and self._is_behind(c.item_id, c.document):
                    self.on_missing(c.item_id, c.partition)
        metrics.EVENTS.labels(topic="media").inc(patches.event_count)
        metrics.BATCH_EVENTS.labels(role="encode").observe(patches.event_count)

    async def _merge(self, patches: Patches, run: Run) -> None:
        """Reads a run; others have their turn in the loop meanwhile."""
        turn_s = time.perf_counter()
        for record in run:
            for _ in patches.steps(record):
                if time.perf_counter() - turn_s > TURN_S:
                    await asyncio.sleep(0)
                    turn_s = time.perf_counter()
                    if not run.is_current():
                        return

    def _is_behind(self, item_id: str, document: ItemDocument) -> bool:
        """Whether more is to be published of an item: files, or what was made of another's while it was written."""
        find = self._store.find
        return bool(self._maker.missing(document, find)) or self._maker.is_unsaid(
            document, find, self._store.embedded(item_id)
        )

    def _try_again(self, changed: list[Changed]) -> None:
        """Files that failed for good and are named again: whoever does that has mended something, there or here."""
        for c in changed:
            if c.document is not None and not c.named.isdisjoint(FETCHED):
                for row in self._maker.failed(c.document, self._store.find):
                    self._store.keep_content(msgspec.structs.replace(row, transient=True))

    async def _publish(self, changed: list[Changed]) -> None:
        alive = [c.document for c in changed if c.document is not None]
        new = [d for d in alive if not self._maker.missing(d, self._store.find).keys().isdisjoint(AT_HAND)]
        if new:
            # Where nothing is new, nothing has to wait for the files that the thread may be busy with.
            for row in await self._embedder.on_thread(self._maker.encode, new, self._store.find):
                self._store.keep_content(row)
        metrics.ENCODE_SKIPPED.inc(len(alive) - len(new))
        await self._producer.deliver(self._embeddings(changed), self._check)
        documents = [
            Outgoing(
                self._names["items"],
                c.item_id.encode(),
                None if c.document is None else _encode(c.document),
                c.partition,
                headers=document_headers(c.cursor, c.media_ms),
            )
            for c in changed
        ]
        await self._producer.deliver(documents, self._check)
        for c, document in zip(changed, documents, strict=True):
            self._store.keep(c.item_id, c.partition, Entry(c.cursor, document.value, c.media_ms))

    def _embeddings(self, changed: list[Changed]) -> list[Outgoing]:
        """The records of `embeddings` that differ from before, and for deleted items the markers."""
        outgoing: list[Outgoing] = []
        for c in changed:
            key = c.item_id.encode()
            before = self._store.embedded(c.item_id)
            if c.document is None:
                marker = example_codec.pack(ItemDeleted(c.item_id))
                outgoing.append(Outgoing(self._names["embeddings"], key, None, c.partition))
                outgoing.append(Outgoing(self._names["examples"], key, marker, 0))
                self._store.keep_embedded(c.item_id, c.partition, {})
            elif (rows := self._maker.rows(c.document, self._store.find, before)) != before:
                value = encode_embedding(Embedding(c.item_id, rows, c.media_ms))
                outgoing.append(Outgoing(self._names["embeddings"], key, value, c.partition))
                self._store.keep_embedded(c.item_id, c.partition, rows)
        return outgoing


def connect(
    app: faust.App,
    settings: Settings,
    worker: MediaToItems,
    room: Callable[[], Coroutine[Any, Any, None]],
    fail: Callable[[BaseException], None],
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`.

    Args:
        app: The app of the role.
        settings: The deployment's.
        worker: What the agent feeds.
        room: Waits until more files may be waited for; meanwhile Kafka is not read.
        fail: Ends the process.
    """

    async def media_to_items(runs: list[Run], acknowledge: Callable[[], object]) -> None:
        await worker.work(runs)
        acknowledge()
        await room()

    add_agent(app, settings, "media", media_to_items, fail)
