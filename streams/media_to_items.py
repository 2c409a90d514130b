"""media → items, embeddings: patches are merged, what is new is encoded once, documents say what there is.

An item's embeddings are acknowledged before its document, the document before its media events: the document
carries the cursor, so whatever it has passed need not be done again.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import faust
import msgspec

from encoders.base import Encoder
from online import example_codec
from online.events import ItemDeleted
from streams import metrics
from streams.app import add_agent
from streams.embeddings import Embedding, encode_embedding
from streams.encoding import TextEncoding
from streams.identity import LogIdentity
from streams.liveness import Liveness
from streams.patches import Changed, Patches
from streams.producer import BatchProducer, Outgoing
from streams.runs import Run
from streams.settings import Settings
from streams.stores.documents import DocumentStore, Entry, cursor_header
from streams.topics import full_name

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode


class MediaToItems:
    """Works batches of media events, one at a time."""

    def __init__(
        self,
        settings: Settings,
        store: DocumentStore,
        encoder: Encoder[str],
        producer: BatchProducer,
        liveness: Liveness,
        log: LogIdentity,
    ) -> None:
        self._settings = settings
        self._store = store
        self._text = TextEncoding(encoder)
        self._producer = producer
        self._check = liveness.check
        self._log = log
        self._working = asyncio.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="encode")
        self._names = {base: full_name(settings, base) for base in ("items", "embeddings", "examples")}

    async def work(self, runs: Sequence[Run]) -> None:
        """Works a batch through to acknowledged documents."""
        while True:
            await self._store.ready.wait()
            async with self._working:
                # Ownership may have been let go of while another batch was in work.
                if self._store.ready.is_set():
                    await self._work(runs)
                    return

    async def finish(self) -> None:
        """Returns when the batch in work, if any, is written."""
        async with self._working:
            pass

    async def _work(self, runs: Sequence[Run]) -> None:
        patches = Patches(self._settings, self._store, self._log.id)
        for run in runs:
            if run.is_current():
                await self._log.confirm(run[0].partition, run[0].offset)
                for record in run:
                    patches.add(record)
        await self._producer.deliver(patches.outgoing, self._check)
        changed = list(patches.changed.values())
        size = self._settings.encode_batch_items
        for start in range(0, len(changed), size):
            await self._publish(changed[start : start + size])
        metrics.EVENTS.labels(topic="media").inc(patches.event_count)
        metrics.BATCH_EVENTS.labels(role="encode").observe(patches.event_count)

    async def _publish(self, changed: list[Changed]) -> None:
        embeddings = await self._embeddings(changed)
        await self._producer.deliver(embeddings, self._check)
        documents = [
            Outgoing(
                self._names["items"],
                c.item_id.encode(),
                None if c.document is None else _encode(c.document),
                c.partition,
                headers=cursor_header(c.cursor),
            )
            for c in changed
        ]
        await self._producer.deliver(documents, self._check)
        for c, document in zip(changed, documents, strict=True):
            self._store.keep(c.item_id, c.partition, Entry(c.cursor, document.value))

    async def _embeddings(self, changed: list[Changed]) -> list[Outgoing]:
        """The records of `embeddings` that differ from before, and for deleted items the markers."""
        alive = [c.document for c in changed if c.document is not None]
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._pool, self._text.encode, alive, self._store.find)
        outgoing: list[Outgoing] = []
        for c in changed:
            key = c.item_id.encode()
            if c.document is None:
                marker = example_codec.pack(ItemDeleted(c.item_id))
                outgoing.append(Outgoing(self._names["embeddings"], key, None, c.partition))
                outgoing.append(Outgoing(self._names["examples"], key, marker, 0))
                self._store.keep_embedded(c.item_id, {})
            elif rows[c.item_id] != self._store.embedded(c.item_id):
                value = encode_embedding(Embedding(c.item_id, rows[c.item_id]))
                outgoing.append(Outgoing(self._names["embeddings"], key, value, c.partition))
                self._store.keep_embedded(c.item_id, rows[c.item_id])
        return outgoing


def connect(
    app: faust.App, settings: Settings, worker: MediaToItems, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`."""

    async def media_to_items(runs: list[Run], acknowledge: Callable[[], object]) -> None:
        await worker.work(runs)
        acknowledge()

    add_agent(app, settings, "media", media_to_items, fail)
