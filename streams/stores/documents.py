"""Item documents of the media partitions that this worker owns, loaded from the compacted `items` topic.

`media`, `items` and `embeddings` are partitioned alike, so the owner of an item's media owns its document.
"""

import asyncio
from typing import Any

import msgspec

from online.events import Cursor
from streams.embeddings import Embedded, decode_embedding
from streams.follower import Follower, Record
from streams.settings import Settings
from streams.topics import full_name

CURSOR_HEADER = "cursor"

_decode_cursor = msgspec.msgpack.Decoder(Cursor).decode
_encode_cursor = msgspec.msgpack.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, Any]).decode


class Entry(msgspec.Struct):
    """An item as its newest media event left it; a deleted one has no document, but still its cursor."""

    cursor: Cursor | None
    document: bytes | None
    """JSON, as in the topic."""

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
        self._by_content: dict[tuple[str, str], Embedded] = {}
        self.ready = asyncio.Event()
        """Set while the owned partitions are loaded."""

    def owns(self, partition: int) -> bool:
        """Whether the partition's documents are loaded here."""
        return partition in self._entries

    async def load(self, partitions: set[int]) -> None:
        """Owns exactly these partitions, as the topics have them now."""
        self.ready.clear()
        self._entries = {partition: {} for partition in partitions}
        self._embedded, self._by_content = {}, {}
        for follower, take in (
            (self._documents, self._take_document),
            (self._embeddings, self._take_embedding),
        ):
            await follower.assign(dict.fromkeys(self._entries, -1))
            await follower.read_to_end(take)
            # Nobody else writes these partitions while they are owned, so nothing is read until the next load.
            await follower.assign({})
        self.ready.set()

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
        return self._by_content.get((content_hash, encoder))

    def keep_embedded(self, item_id: str, rows: dict[str, Embedded]) -> None:
        """Replaces what is encoded of the item; without rows it is forgotten."""
        if rows:
            self._embedded[item_id] = rows
            for row in rows.values():
                self._by_content[row.content_hash, row.encoder] = row
        else:
            self._embedded.pop(item_id, None)

    def close(self) -> None:
        """Stops reading."""
        self._documents.close()
        self._embeddings.close()

    def _take_document(self, record: Record) -> None:
        cursor = record.headers.get(CURSOR_HEADER)
        entry = Entry(None if cursor is None else _decode_cursor(cursor), record.value)
        self._entries[record.partition][record.key.decode()] = entry

    def _take_embedding(self, record: Record) -> None:
        rows = {} if record.value is None else decode_embedding(record.value).modalities
        self.keep_embedded(record.key.decode(), rows)


def cursor_header(cursor: Cursor) -> list[tuple[str, bytes]]:
    """The header that lets the next owner skip what this one has merged."""
    return [(CURSOR_HEADER, _encode_cursor(cursor))]
