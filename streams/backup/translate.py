"""Places that records name, as they are after a restore: other topic ids, other offsets, other names."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from online import example_codec, state_codec
from online.events import Cursor, ExampleRun, UserErased
from online.fold import Learned
from online.saved import Saved
from streams.backup.folder import CopiedRecord
from streams.backup.manifest import Manifest, Places
from streams.event_ids import ORIGIN_HEADER, log_key, origin_in, origin_of
from streams.events import Cause, Recommendation
from streams.publications import PROGRESS_KEY, decode_progress, encode_progress
from streams.stores import snapshots
from streams.stores.documents import CURSOR_HEADER, decode_cursor, encode_cursor

_decode_list = msgspec.json.Decoder(Recommendation).decode
_encode_list = msgspec.json.Encoder().encode


class Translation:
    """Translates records and snapshots of a backup for the topics that they are restored into.

    Causes that name records of compacted topics, and dead letters, stay as they were: they say what happened there.
    """

    def __init__(self, manifest: Manifest, topic_ids: Mapping[str, str], topic_prefix: str) -> None:
        """`topic_ids`: of the topics to restore into, by base name."""
        self._places = {
            base: [Places(copied) for copied in topic.partitions] for base, topic in manifest.topics.items()
        }
        self._logs = {
            topic.topic_id: base for base, topic in manifest.topics.items() if not topic.is_compacted
        }
        self._prefixes = (manifest.topic_prefix, topic_prefix)
        self._interactions_id = manifest.topics["interactions"].topic_id
        self._ids = topic_ids
        self.snapshots: dict[str, str] = {}
        """Names of restored snapshots, by their names in the backup."""
        self._of: dict[str, Callable[[CopiedRecord], CopiedRecord]] = {
            "users": self._user,
            "examples": self._example,
            "recommendations": self._list,
            "items": self._item,
            "model": self._publication,
        }

    def record(self, base: str, partition: int, record: CopiedRecord) -> CopiedRecord:
        """A record of a partition as it is to be restored into the topic of that base name."""
        if base == "interactions":
            return self._interaction(partition, record)
        translate = self._of.get(base)
        return record if translate is None else translate(record)

    def committed(self, base: str, partition: int, offset: int) -> int:
        """Where a group goes on that was to read from there."""
        return self._places[base][partition].next_of(offset)

    def snapshot(self, manifest: snapshots.Manifest, saved: Saved) -> tuple[snapshots.Manifest, Saved] | None:
        """A snapshot as it is to be restored; None if the backup's log has no longer what comes after it."""
        if manifest.examples_offset < self._places["examples"][0].start:
            return None
        learned = msgspec.msgpack.decode(bytes(saved["learned"]), type=list[Learned])
        moved = msgspec.structs.replace(
            manifest,
            examples_topic_id=self._ids["examples"],
            examples_offset=self.committed("examples", 0, manifest.examples_offset),
        )
        return moved, saved | {"learned": msgspec.msgpack.encode(self._learned(learned))}

    def _cursor(self, cursor: Cursor) -> Cursor:
        base = self._logs.get(cursor.topic_id)
        if base is None:
            return cursor
        offset = self._places[base][cursor.partition].of(cursor.offset)
        return Cursor(self._ids[base], cursor.partition, offset, cursor.index)

    def _learned(self, rows: list[Learned]) -> list[Learned]:
        return [self._learned_of(row) for row in rows]

    def _learned_of(self, row: Learned) -> Learned:
        at = self._cursor(Cursor(row.topic_id, row.partition, *row.watermark))
        erased = None if row.erased is None else self._cursor(row.erased)
        return msgspec.structs.replace(
            row, topic_id=at.topic_id, watermark=(at.offset, at.index), erased=erased
        )

    def _interaction(self, partition: int, record: CopiedRecord) -> CopiedRecord:
        """Its events that have no id keep the one that follows from where they lay first."""
        if origin_in(record.headers) is not None:
            return record
        before = self._prefixes[0] + "interactions"
        origin = origin_of(self._interactions_id, before, partition, record.offset)
        headers = [*record.headers, (ORIGIN_HEADER, origin.encode())]
        return msgspec.structs.replace(record, headers=headers)

    def _user(self, record: CopiedRecord) -> CopiedRecord:
        if record.value is None:
            return record
        return _with_value(record, state_codec.moved(record.value, self._cursor))

    def _example(self, record: CopiedRecord) -> CopiedRecord:
        run = None if record.value is None else example_codec.unpack(record.value)
        if isinstance(run, UserErased):
            return _with_value(record, example_codec.pack(self._erased(run)))
        if not isinstance(run, ExampleRun) or run.topic_id not in self._logs:
            return record
        at = partial(Cursor, run.topic_id, run.partition)
        first, last = self._cursor(at(*run.first)), self._cursor(at(*run.last))
        for example in run.examples:
            example.offset = self._cursor(at(example.offset, example.index)).offset
        run.topic_id = first.topic_id
        run.first, run.last = (first.offset, first.index), (last.offset, last.index)
        moved = _with_value(record, example_codec.pack(run))
        moved.key = log_key(run.topic_id, run.partition)
        return moved

    def _erased(self, marker: UserErased) -> UserErased:
        log = self._cursor(Cursor(marker.topic_id, marker.partition, 0, 0))
        erased = msgspec.structs.replace(marker.erased, place=self._cursor(marker.erased.place))
        return msgspec.structs.replace(marker, topic_id=log.topic_id, erased=erased)

    def _list(self, record: CopiedRecord) -> CopiedRecord:
        if record.value is None:
            return record
        found = _decode_list(record.value)
        through = found.through
        if through.partition >= 0:
            through.offset = self._places["interactions"][through.partition].of(through.offset)
        found.cause = self._cause(found.cause)
        return _with_value(record, _encode_list(found))

    def _cause(self, cause: Cause) -> Cause:
        before, after = self._prefixes
        base = cause.topic.removeprefix(before)
        if base not in self._logs.values():
            return cause
        offset = self._places[base][cause.partition].of(cause.offset)
        return msgspec.structs.replace(cause, topic=after + base, offset=offset)

    def _item(self, record: CopiedRecord) -> CopiedRecord:
        headers = [
            (
                name,
                encode_cursor(self._cursor(decode_cursor(value or b""))) if name == CURSOR_HEADER else value,
            )
            for name, value in record.headers
        ]
        return msgspec.structs.replace(record, headers=headers)

    def _publication(self, record: CopiedRecord) -> CopiedRecord:
        if record.key != PROGRESS_KEY or record.value is None:
            return record
        progress = decode_progress(record.value)
        progress.learned = self._learned(progress.learned)
        progress.examples_offset = self.committed("examples", 0, progress.examples_offset)
        progress.snapshot = self.snapshots.get(progress.snapshot, "")
        return _with_value(record, encode_progress(progress))


def _with_value(record: CopiedRecord, value: bytes) -> CopiedRecord:
    return msgspec.structs.replace(record, value=value)
