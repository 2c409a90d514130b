"""Item documents of the media partitions that this worker owns, loaded from the compacted `items` topic.

`media`, `items` and `embeddings` are partitioned alike, so the owner of an item's media owns its document.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import msgspec

from online.events import Cursor, lies_before
from streams.embeddings import Embedded, decode_embedding
from streams.follower import Follower, Record
from streams.settings import Settings
from streams.topics import full_name

CURSOR_HEADER = "cursor"
MEDIA_MS_HEADER = "media_ms"
UNUSED_LIMIT = 16_384
"""Contents remembered that no item uses any more, or not yet: one that comes back soon is not encoded again. More than
is made before it is published: texts and places of a batch, files of what is in work and what has landed."""

decode_cursor = msgspec.msgpack.Decoder(Cursor).decode
encode_cursor = msgspec.msgpack.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, Any]).decode


class Entry(msgspec.Struct):
    """An item as its newest media event left it; a deleted one has no document, but still its cursor."""

    cursor: Cursor | None
    document: bytes | None
    """JSON, as in the topic."""
    media_ms: int = 0
    """Kafka's timestamp of the newest media event in it."""

    def fields(self) -> dict[str, Any]:
        """The document's fields; empty where there is none."""
        return {} if self.document is None else _decode_fields(self.document)


class DocumentStore:
    """Documents and what is already encoded of each, by item id."""

    def __init__(self, settings: Settings) -> None:
        self._documents = Follower(settings, full_name(settings, "items"))
        self._embeddings = Follower(settings, full_name(settings, "embeddings"))
        self._entries: dict[int, dict[str, Entry]] = {}
        self._embedded: dict[str, dict[str, Embedded]] = {}
        self._contents: dict[tuple[str, str], tuple[Embedded, int]] = {}
        """What was made of content in a space, and by how many items it is used."""
        self._unused: OrderedDict[tuple[str, str], None] = OrderedDict()
        """Contents that no item uses, or not yet, the longest unused first."""
        self.passing: dict[str, int] = {}
        """Items with a file that could not be had for a passing reason, and their partition."""
        self.overtaken: dict[str, int] = {}
        """Items whose newest record a former owner wrote late, and their partition; to be published again."""
        self.loads = 0
        self.ready = asyncio.Event()
        """Set while the owned partitions are loaded."""

    def owns(self, partition: int) -> bool:
        """Whether the partition's documents are loaded here."""
        return partition in self._entries

    async def load(self, partitions: set[int]) -> None:
        """Owns exactly these partitions, as the topics have them now."""
        self.ready.clear()
        self._entries = {partition: {} for partition in partitions}
        self._embedded, self._contents, self.passing, self.overtaken = {}, {}, {}, {}
        self._unused.clear()
        for follower, take in (
            (self._documents, self._take_document),
            (self._embeddings, self._take_embedding),
        ):
            await follower.assign(dict.fromkeys(self._entries, -1))
            await follower.read_to_end(take)
            # Nobody else writes these partitions while they are owned, so nothing is read until the next load.
            await follower.assign({})
        self.loads += 1
        self.ready.set()

    def items(self) -> Iterator[tuple[str, int]]:
        """Ids and partitions of all items that have a document, as they are now."""
        for partition, entries in list(self._entries.items()):
            yield from ((i, partition) for i, entry in list(entries.items()) if entry.document is not None)

    def holds(self, item_id: str) -> bool:
        """Whether the item has a document here."""
        found = (entries.get(item_id) for entries in self._entries.values())
        return any(entry is not None and entry.document is not None for entry in found)

    def get(self, item_id: str, partition: int) -> Entry:
        """The item's entry; an empty one for an item nobody has seen."""
        return self._entries[partition].get(item_id) or Entry(None, None)

    def keep(self, item_id: str, partition: int, entry: Entry) -> None:
        """Replaces the item's entry."""
        if partition in self._entries:
            self._entries[partition][item_id] = entry

    def embedded(self, item_id: str) -> dict[str, Embedded]:
        """What is encoded of the item, by modality."""
        return self._embedded.get(item_id, {})

    def find(self, content_hash: str, encoder: str) -> Embedded | None:
        """What the encoder made of this content, for whichever item."""
        kept = self._contents.get((content_hash, encoder))
        return None if kept is None else kept[0]

    def keep_content(self, row: Embedded) -> None:
        """Keeps what was made of some content, for the items that will be given it next."""
        self._use(row, 0)

    def keep_embedded(self, item_id: str, partition: int, rows: dict[str, Embedded]) -> None:
        """Replaces what is encoded of the item; without rows it is forgotten."""
        before = self._embedded.pop(item_id, {})
        self.passing.pop(item_id, None)
        if rows:
            self._embedded[item_id] = rows
            if any(row.transient for row in rows.values()):
                self.passing[item_id] = partition
        for row in rows.values():
            self._use(row, 1)
        for row in before.values():
            self._use(row, -1)

    def _use(self, row: Embedded, more: int) -> None:
        """Notes that a content is used by so many items more."""
        if row.vector and row.transient:
            # What cannot be had is a newer file; the one that this is of was.
            row = msgspec.structs.replace(row, error=None, transient=False)
        key = (row.content_hash, row.encoder)
        known, count = self._contents.get(key, (row, 0))
        count += more
        # An item that lets go of a content says nothing new about it, nor does one that could not have it.
        self._contents[key] = (known if more < 0 or (known.vector and not row.vector) else row, count)
        self._unused.pop(key, None)
        if count == 0:
            self._unused[key] = None
            if len(self._unused) > UNUSED_LIMIT:
                del self._contents[self._unused.popitem(last=False)[0]]

    def close(self) -> None:
        """Stops reading."""
        self._documents.close()
        self._embeddings.close()

    def _take_document(self, record: Record) -> None:
        cursor = record.headers.get(CURSOR_HEADER)
        media_ms = int(record.headers.get(MEDIA_MS_HEADER, b"0"))
        entry = Entry(None if cursor is None else decode_cursor(cursor), record.value, media_ms)
        entries, item_id = self._entries[record.partition], record.key.decode()
        known = entries.get(item_id)
        if known is not None and lies_before(entry.cursor, known.cursor):
            self.overtaken[item_id] = record.partition
        else:
            entries[item_id] = entry
            self.overtaken.pop(item_id, None)

    def _take_embedding(self, record: Record) -> None:
        rows = {} if record.value is None else decode_embedding(record.value).modalities
        self.keep_embedded(record.key.decode(), record.partition, rows)


def document_headers(cursor: Cursor, media_ms: int) -> list[tuple[str, bytes]]:
    """What lets the next owner skip what this one has merged, and readers see how fresh the item is."""
    return [(CURSOR_HEADER, encode_cursor(cursor)), (MEDIA_MS_HEADER, b"%d" % media_ms)]
