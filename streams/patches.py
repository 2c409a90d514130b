"""Media events of one batch merged into item documents (RFC 7396), before anything is encoded or written."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from online.events import Cursor
from streams import metrics
from streams.clock import now_ms
from streams.dead_letters import letter
from streams.decoding import EventDecoder, Refusal
from streams.events import Id, ItemDocument, Media, RefusalError
from streams.homes import too_large_for_home
from streams.producer import Outgoing
from streams.settings import Settings
from streams.stores.documents import DocumentStore, Entry
from streams.topics import MIB, home_partition, table

logger = logging.getLogger(__name__)

DOCUMENT_LIMIT = 15 * MIB
"""Bytes of a document; patches that would make a larger one are refused, since `items` cannot hold it."""
ADDED_BYTES = 64
"""What a document may have beside its patches: the time, where they do not say it."""

_decoder = EventDecoder(Media)
_encode = msgspec.json.Encoder().encode


def merge(document: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the patch applied, by RFC 7396: null removes, objects merge, all else replaces."""
    merged = dict(document)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            old = merged.get(name)
            merged[name] = merge(old if isinstance(old, dict) else {}, value)
        else:
            merged[name] = value
    return merged


class Changed(msgspec.Struct):
    """An item whose document changed in this batch, or was deleted."""

    item_id: str
    partition: int
    cursor: Cursor
    document: ItemDocument | None
    media_ms: int = 0
    """Kafka's timestamp of the newest event in it."""
    named: frozenset[str] = frozenset()
    """The fields that its events name."""


class Patches:
    """Reads media records in order; several patches of one item make one change."""

    def __init__(self, settings: Settings, store: DocumentStore, topic_id: str) -> None:
        self._settings = settings
        self._store = store
        self._topic_id = topic_id
        self._partitions = table(settings)["media"].partitions
        self.changed: dict[str, Changed] = {}
        self.outgoing: list[Outgoing] = []
        """Dead letters and events sent home."""
        self.event_count = 0
        self._bounds: dict[str, int] = {}

    def add(self, record: Any) -> None:  # noqa: ANN401  # aiokafka's record
        """Merges a record's patches; a tombstone deletes its key's item."""
        for _ in self.steps(record):
            pass

    def steps(self, record: Any) -> Iterator[None]:  # noqa: ANN401  # aiokafka's record
        """As `add`, patch by patch: a packed message of large documents' patches can take minutes."""
        if record.value is None and record.key:
            self._delete(record)
            return
        decoded = _decoder.decode(record.value)
        if decoded.newer_count:
            metrics.NEWER_SCHEMA.labels(topic="media").inc(decoded.newer_count)
        for refusal in decoded.refusals:
            self._refuse(record, refusal)
        for index, media in decoded.events:
            self.event_count += 1
            try:
                self._take(record, index, media)
            except Exception as exc:
                logger.exception("event %s-%d-%d[%d]", record.topic, record.partition, record.offset, index)
                error = RefusalError("internal", "$", f"{type(exc).__name__}: {exc}")
                self._refuse(record, Refusal(index, _encode(media), error))
            yield

    def _refuse(self, record: Any, refusal: Refusal) -> None:  # noqa: ANN401  # aiokafka's record
        self.outgoing.append(letter(self._settings, "media", record, refusal, now_ms()))

    def _delete(self, record: Any) -> None:  # noqa: ANN401  # aiokafka's record
        try:
            item_id: str = msgspec.convert(record.key.decode(), Id)
        except (UnicodeDecodeError, msgspec.ValidationError) as exc:
            error = RefusalError("invalid", "$", f"the key of the tombstone is no item id: {exc}")
            self._refuse(record, Refusal(0, record.key, error))
            return
        self.event_count += 1
        if not self._is_home(record, item_id, None):
            return
        cursor = Cursor(self._topic_id, record.partition, record.offset, 0)
        if not self._is_merged(item_id, cursor):
            self._bounds[item_id] = 0
            self.changed[item_id] = Changed(item_id, record.partition, cursor, None, record.timestamp)

    def _take(self, record: Any, index: int, media: Media) -> None:  # noqa: ANN401  # aiokafka's record
        if not self._is_home(record, media.item_id, media, index):
            return
        cursor = Cursor(self._topic_id, record.partition, record.offset, index)
        if self._is_merged(media.item_id, cursor):
            return
        patch = msgspec.to_builtins(media)
        patch.setdefault("timestamp_ms", record.timestamp)
        for medium in (patch.get("image"), patch.get("audio"), patch.get("video")):
            if medium and medium.get("url") is not None:
                # An address alone is meant: data of an earlier event would count instead of it.
                medium.setdefault("data", None)
        document = msgspec.convert(merge(self._fields(media.item_id, record.partition), patch), ItemDocument)
        size_bytes = self._bound(media.item_id, record.partition) + len(_encode(media)) + ADDED_BYTES
        if size_bytes > DOCUMENT_LIMIT:
            size_bytes = len(_encode(document))
        if size_bytes > DOCUMENT_LIMIT:
            message = f"the item's document would have {size_bytes} bytes, at most {DOCUMENT_LIMIT} are kept"
            self._refuse(record, Refusal(index, _encode(media), RefusalError("too_large", "$", message)))
            return
        self._bounds[media.item_id] = size_bytes
        earlier = self.changed.get(media.item_id)
        named = frozenset(patch) if earlier is None else earlier.named | patch.keys()
        self.changed[media.item_id] = Changed(
            media.item_id, record.partition, cursor, document, record.timestamp, named
        )

    def _bound(self, item_id: str, partition: int) -> int:
        """Bytes that an item's document has at most: for a price, ten megabytes of picture are not packed anew."""
        known = self._bounds.get(item_id)
        return len(self._store.get(item_id, partition).document or b"") if known is None else known

    def _fields(self, item_id: str, partition: int) -> dict[str, Any]:
        earlier = self.changed.get(item_id)
        if earlier is None:
            return self._store.get(item_id, partition).fields()
        return {} if earlier.document is None else msgspec.to_builtins(earlier.document)

    def _is_merged(self, item_id: str, cursor: Cursor) -> bool:
        """Whether the item's document contains this event already: a replay after a crash."""
        entry: Entry = self._store.get(item_id, cursor.partition)
        return entry.cursor is not None and entry.cursor.reaches(cursor)

    def _is_home(self, record: Any, item_id: str, media: Media | None, index: int = 0) -> bool:  # noqa: ANN401  # aiokafka's record
        home = home_partition(item_id, self._partitions)
        if home == record.partition:
            return True
        if media is not None and not isinstance(media.timestamp_ms, int):
            media.timestamp_ms = record.timestamp
        value = None if media is None else _encode(media)
        if error := too_large_for_home(self._settings, "media", len(value or b"")):
            self._refuse(record, Refusal(index, value or b"", error))
            return False
        metrics.FORWARDED.labels(topic="media").inc()
        self.outgoing.append(
            Outgoing(record.topic, item_id.encode(), value, partition=home, timestamp_ms=record.timestamp)
        )
        return False
