"""Items whose files have yet to be encoded: new ones first, then what earlier workers, or other encoders, left.

Of one host only so many items are in work before their files are there: a slow one leaves the rest to the others.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import cast

import msgspec

from encoders.modalities import Modality
from streams import metrics
from streams.encoding.files import FileEncoding
from streams.encoding.rows import RowMaker
from streams.encoding.sources import AT_HAND, FETCHED, Source
from streams.encoding.waiting import Waiting
from streams.events import ItemDocument, Medium
from streams.fetching.limits import host_count
from streams.fetching.urls import host_of
from streams.settings import Settings
from streams.stores.documents import DocumentStore

LANDED_LIMIT = 256
"""Items that may wait to be published again, while Kafka is away: what is made of them is kept only so long unused."""

Publish = Callable[[Sequence[tuple[str, int]]], Awaitable[None]]

_decode = msgspec.json.Decoder(ItemDocument).decode


class Backlog:
    """Works items by id: what is to be done of one is read from its document when its turn comes."""

    def __init__(
        self, settings: Settings, store: DocumentStore, maker: RowMaker, files: FileEncoding, publish: Publish
    ) -> None:
        self._settings = settings
        self._store = store
        self._maker = maker
        self._files = files
        self._publish = publish
        self._new = Waiting()
        self._old = Waiting()
        self._asked: Counter[str] = Counter()
        """Items in work that wait for a host's answers, by host."""
        self._host_count = host_count(settings.files_at_once)
        self._landed: dict[str, int] = {}
        self._came = asyncio.Event()
        self._went = asyncio.Event()
        self._has_landed = asyncio.Event()
        self._has_left = asyncio.Event()

    def add(self, item_id: str, partition: int) -> None:
        """An item whose newest media event names files that are not encoded."""
        for host in self._wanted(item_id, partition):
            self._old.drop(host, item_id)
            self._new.put(host, item_id, partition)
        self._came.set()

    async def room(self) -> None:
        """Returns when few enough new items wait for this worker; those that wait for a host hold nobody up."""
        while self._new.count_except(self._busy()) >= self._settings.files_waiting:
            self._went.clear()
            await self._went.wait()

    async def run(self) -> None:
        """Works, for ever; ends with the first error."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._settings.files_at_once):
                tasks.create_task(self._work())
            tasks.create_task(self._publish_landed())
            tasks.create_task(self._look_through())
            tasks.create_task(self._try_again())

    async def _work(self) -> None:
        while True:
            while len(self._landed) >= LANDED_LIMIT:
                self._has_left.clear()
                await self._has_left.wait()
            while (found := self._new.take(self._busy()) or self._old.take(self._busy())) is None:
                self._came.clear()
                await self._came.wait()
            host, item_id, partition = found
            self._asked[host] += 1
            self._went.set()
            metrics.MEDIA_WAITING.set(len(self._new) + len(self._old))
            wanted = self._wanted(item_id, partition).get(host, {})
            rows = await self._files.rows(wanted, partial(self._had, host))
            for row in rows:
                self._store.keep_content(row)
            # What another item's file turned out to be may be all that was missing.
            if rows or self._is_unsaid(item_id, partition):
                self._landed[item_id] = partition
                self._has_landed.set()

    def _busy(self) -> list[str]:
        """Hosts that are asked for as much as one may be."""
        return [host for host, count in self._asked.items() if count >= self._host_count]

    def _had(self, host: str) -> None:
        """A host has answered all that an item in work wanted of it, or could not."""
        self._asked[host] -= 1
        if not self._asked[host]:
            del self._asked[host]
        self._came.set()

    def _wanted(self, item_id: str, partition: int) -> dict[str, dict[Modality, Source]]:
        """The files of an item that are not encoded, by host."""
        return _by_host(self._missing(item_id, partition))

    def _missing(self, item_id: str, partition: int) -> dict[Modality, Source]:
        """What of an item has no vector yet; nothing of one that is gone, or another worker's by now."""
        document = self._document(item_id, partition)
        return {} if document is None else self._maker.missing(document, self._store.find)

    def _is_unsaid(self, item_id: str, partition: int) -> bool:
        """As `RowMaker.is_unsaid`, of an item that is still there."""
        document, published = self._document(item_id, partition), self._store.embedded(item_id)
        return document is not None and self._maker.is_unsaid(document, self._store.find, published)

    def _document(self, item_id: str, partition: int) -> ItemDocument | None:
        document = self._store.get(item_id, partition).document if self._store.owns(partition) else None
        return None if document is None else _decode(document)

    async def _publish_landed(self) -> None:
        while True:
            await self._has_landed.wait()
            self._has_landed.clear()
            while self._landed:
                ids = list(itertools.islice(self._landed, self._settings.encode_batch_items))
                chosen = {item_id: self._landed.pop(item_id) for item_id in ids}
                self._has_left.set()
                await self._publish(list(chosen.items()))

    async def _look_through(self) -> None:
        """After each load: publishes what a former owner wrote over; encodes the rest in the background."""
        seen = 0
        while True:
            await self._store.ready.wait()
            if self._store.loads == seen:
                await asyncio.sleep(0.5)
                continue
            seen = self._store.loads
            if self._store.overtaken:
                await self._publish(list(self._store.overtaken.items()))
            await self._see_to(self._store.items())

    async def _see_to(self, items: Iterable[tuple[str, int]]) -> None:
        """Until the next load."""
        items, seen = iter(items), self._store.loads
        while self._store.loads == seen:
            chosen = list(itertools.islice(items, self._settings.encode_batch_items))
            if not chosen:
                break
            await self._see_to_some(chosen)
            await asyncio.sleep(0)

    async def _see_to_some(self, items: Sequence[tuple[str, int]]) -> None:
        stale: list[tuple[str, int]] = []
        for item_id, partition in items:
            missing = self._missing(item_id, partition)
            for host in _by_host(missing):
                if not self._new.holds(host, item_id):
                    self._old.put(host, item_id, partition)
                    self._came.set()
            if any(modality in AT_HAND for modality in missing) or self._is_unsaid(item_id, partition):
                stale.append((item_id, partition))
        if stale:
            await self._publish(stale)

    async def _try_again(self) -> None:
        while True:
            await asyncio.sleep(self._settings.fetch_again_s)
            await self._see_to(list(self._store.passing.items()))


def _by_host(missing: Mapping[Modality, Source]) -> dict[str, dict[Modality, Source]]:
    """The files among what is missing, by whom they are asked of."""
    found: dict[str, dict[Modality, Source]] = {}
    for modality, source in missing.items():
        if modality in FETCHED:
            found.setdefault(host_of(cast(Medium, source.raw)), {})[modality] = source
    return found
