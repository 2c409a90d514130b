"""What has to become of what the topics hold: an account that is kept without the workers, from the records alone."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from streams.decoding import Decoded, EventDecoder
from streams.events import Erasure, Id, Interaction, Media, Request
from streams.fuzz.samples import STRUCTS
from streams.requests_to_responses import ECHO_LIMIT, echoed_bytes
from streams.settings import Settings
from streams.soak.reference import LogRecord
from streams.topics import home_partition, table

Place = tuple[str, int, int, int]
"""Base name of a topic, partition, offset and index."""


class Expected:
    """What is refused, what goes home, and what comes of the rest."""

    def __init__(self, settings: Settings) -> None:
        self._decoders: dict[str, EventDecoder[Any]] = {base: EventDecoder(s) for base, s in STRUCTS.items()}
        self._partitions = {base: table(settings)[base].partitions for base in STRUCTS}
        self.refused: dict[Place, tuple[str, str]] = {}
        """Code and path of each refusal."""
        self.accepted: Counter[str] = Counter()
        """Events of each topic that are worked, at home."""
        self.astray: Counter[str] = Counter()
        """Events of each topic on a foreign partition: each comes again, at home."""
        self.answers: Counter[str] = Counter()
        """Responses, by id of the request."""
        self.receipts: set[tuple[str, str]] = set()
        """Users to be forgotten and the ids of the requests."""
        self.documents: dict[str, tuple[int, int]] = {}
        """Of each item, partition and offset of its last event."""

    def take(self, base: str, records: Iterable[LogRecord]) -> None:
        """Takes a topic's records into account, in their order."""
        for record in records:
            if base == "media" and record.value is None and record.key:
                self._delete(record)
                continue
            if base == "requests" and echoed_bytes(record) > ECHO_LIMIT:
                self.refused[base, record.partition, record.offset, 0] = ("too_large", "$")
                continue
            decoded: Decoded[Any] = self._decoders[base].decode(record.value)
            for refusal in decoded.refusals:
                place = (base, record.partition, record.offset, refusal.index)
                self.refused[place] = (refusal.error.code, refusal.error.path)
            for _, event in decoded.events:
                if self._is_home(base, record, event):
                    self.accepted[base] += 1
                    self._accept(record, event)
                else:
                    self.astray[base] += 1

    def _is_home(self, base: str, record: LogRecord, event: Any) -> bool:  # noqa: ANN401  # of any topic
        key = event.item_id if base == "media" else event.user_id
        return key is None or home_partition(key, self._partitions[base]) == record.partition

    def _accept(self, record: LogRecord, event: Interaction | Media | Request | Erasure) -> None:
        if isinstance(event, Request):
            self.answers[event.request_id] += 1
        elif isinstance(event, Erasure):
            self.receipts.add((event.user_id, event.request_id))
        elif isinstance(event, Media):
            self.documents[event.item_id] = (record.partition, record.offset)

    def _delete(self, record: LogRecord) -> None:
        """A tombstone, whose key has to be an item's id."""
        try:
            item_id: str = msgspec.convert((record.key or b"").decode(), Id)
        except (UnicodeDecodeError, msgspec.ValidationError):
            self.refused["media", record.partition, record.offset, 0] = ("invalid", "$")
            return
        if home_partition(item_id, self._partitions["media"]) == record.partition:
            self.accepted["media"] += 1
            self.documents[item_id] = (record.partition, record.offset)
        else:
            self.astray["media"] += 1
