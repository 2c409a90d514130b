"""What the records of each topic say about one item: its newest media event, and what was made of it."""

import json
from collections.abc import Callable

import msgspec

from encoders.modalities import modalities_in
from streams.dead_letters import read_letter
from streams.decoding import EventDecoder
from streams.embeddings import decode_embedding
from streams.events import ItemDocument, Media, Recommendation
from streams.follower import Record
from streams.tracing import Outcome, Step, Trace, step, traced

_decode_media = EventDecoder(Media).decode
_decode_document = msgspec.json.Decoder(ItemDocument).decode
_decode_list = msgspec.json.Decoder(Recommendation).decode


class ItemTrace:
    """Looks for what became of an item's newest media event: give it all of `media` first, then the rest.

    Args:
        item_id: Which item.
        name: A topic's name on the cluster, from its base name.
    """

    def __init__(self, item_id: str, name: Callable[[str], str]) -> None:
        self._item_id = item_id
        self._key = item_id.encode()
        self._name = name
        self._sent: Step | None = None
        self._index = 0
        """Which event of its message that is."""
        self._deletes = False
        """Whether the newest media event deletes the item."""
        self._steps: dict[str, Step] = {}
        self._document: Step | None = None
        """The newest document: files land after the event is merged."""
        self._has_vectors = False
        """Whether that one says so. Of an event that changes none of them `embeddings` says nothing."""

    @property
    def found(self) -> bool:
        """Whether there was a media event."""
        return self._sent is not None

    def take_media(self, record: Record) -> None:
        """Takes a record of `media`; the item's newest counts, also one that workers refuse."""
        index = self._index_in(record)
        if index is not None and (self._sent is None or record.timestamp_ms >= self._sent.timestamp_ms):
            self._index, self._deletes = index, record.value is None
            note = "deletes the item" if self._deletes else ""
            self._sent = step("sent", "client", self._name("media"), record, note)

    def take_dead_letter(self, record: Record) -> None:
        """Takes a record of `dead-letters`."""
        letter, sent = read_letter(record.value), self._sent
        if letter is None or sent is None:
            return
        refused = (letter.topic, letter.partition, letter.offset, letter.index)
        if refused == (sent.topic, sent.partition, sent.offset, self._index):
            self._first("refused", "encode", "dead-letters", record, str(letter.error))

    def take_document(self, record: Record) -> None:
        """Takes a record of `items`."""
        if record.key != self._key or not self._is_later(record):
            return
        if record.value is None:
            self._first_tombstone("deleted", "items", record)
        else:
            document = _decode_document(record.value)
            errors = [f"{modality}: {why}" for modality, why in (document.encode_errors or {}).items()]
            have = ", ".join(modalities_in(document.modalities)) or "none"
            note = "; ".join([f"vectors: {have}", *errors])
            self._first("merged", "encode", "items", record, note)
            if self._document is None or record.offset > self._document.offset:
                self._document = step("published again", "encode", self._name("items"), record, note)
                self._has_vectors = bool(document.modalities)

    def take_embedding(self, record: Record) -> None:
        """Takes a record of `embeddings`."""
        if record.key != self._key or self._sent is None:
            return
        if record.value is None:
            self._first_tombstone("vectors deleted", "embeddings", record)
        else:
            embedding = decode_embedding(record.value)
            if embedding.media_ms >= self._sent.timestamp_ms:
                have = [modality for modality, one in embedding.modalities.items() if one.vector]
                self._first(
                    "encoded", "encode", "embeddings", record, f"vectors: {', '.join(have) or 'none'}"
                )

    def take_list(self, record: Record) -> None:
        """Takes a record of `recommendations`."""
        if not self._is_later(record) or record.value is None or not self._may_hold(record.value):
            return
        found = _decode_list(record.value)
        for place in found.items:
            if place.item_id == self._item_id:
                note = f"place {place.rank} for {found.user_id}, because of {found.cause.kind} {found.cause.event_id}"
                self._first("listed", "recommend", "recommendations", record, note)

    def trace(self) -> Trace:
        """What was found."""
        steps = [] if self._sent is None else [self._sent, *self._steps.values()]
        if self._document is not None and self._document.note != self._steps["merged"].note:
            steps.append(self._document)
        # First: lists that have the item although its newest event was refused have it by an earlier one.
        settled: dict[str, Outcome] = {"refused": "refused"}
        settled |= {"deleted": "deleted"} if self._deletes else {"listed": "answered"}
        if self._has_vectors:
            settled["merged"] = "unlisted"
        return traced(self._item_id, steps, settled)

    def _index_in(self, record: Record) -> int | None:
        """The place in the message of the item's last event; None if it has none."""
        by_key = record.key == self._key
        if record.value is None:
            return 0 if by_key else None
        if not (by_key or self._may_hold(record.value)):
            return None
        decoded = _decode_media(record.value)
        places = [index for index, media in decoded.events if media.item_id == self._item_id]
        places += [refusal.index for refusal in decoded.refusals if self._is_of(refusal.value, by_key)]
        return max(places, default=None)

    def _is_of(self, value: bytes, by_key: bool) -> bool:
        """Whether a refused value is the item's, by the key where it does not say."""
        try:
            read = json.loads(value)
        except (ValueError, RecursionError):
            return by_key
        said = read.get("item_id") if isinstance(read, dict) else None
        return by_key if said is None else bool(said == self._item_id)

    def _may_hold(self, value: bytes) -> bool:
        """Whether it is worth decoding: JSON has an id as it is, or with backslashes."""
        return self._key in value or b"\\" in value

    def _is_later(self, record: Record) -> bool:
        return self._sent is not None and record.timestamp_ms >= self._sent.timestamp_ms

    def _first_tombstone(self, what: str, base: str, record: Record) -> None:
        """Keeps a tombstone if it can be the newest media event's."""
        if self._deletes and self._is_later(record):
            self._first(what, "encode", base, record, "tombstone")

    def _first(self, what: str, role: str, base: str, record: Record, note: str) -> None:
        """Keeps the earliest of its kind: partitions come in any order."""
        known = self._steps.get(what)
        if known is None or record.timestamp_ms < known.timestamp_ms:
            self._steps[what] = step(what, role, self._name(base), record, note)
