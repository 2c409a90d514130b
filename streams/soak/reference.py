"""The undisturbed run: the same log applied once more, in one process, without a single fault.

States, counts and documents of the disturbed run have to equal this one's. The lists that a state remembers are left
out of the comparison: they depend on how far the statistics were when each list was made.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from online.state import UserState
from online.state_codec import pack, unpack
from streams.batch import decode, to_event
from streams.events import ItemDocument
from streams.patches import Patches
from streams.settings import Settings
from streams.stores.documents import Entry
from streams.topics import home_partition

_decode_document = msgspec.json.Decoder(ItemDocument).decode
Headers = list[tuple[str, bytes | None]]


class LogRecord(Struct):
    """A record of `interactions`, and the id of the topic it was read from."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = []


class Reference:
    """States as they have to be."""

    def __init__(self, settings: Settings) -> None:
        self._partitions = settings.partitions
        self.states: dict[str, UserState] = {}
        self.last: dict[str, tuple[int, int]] = {}
        """Partition and offset of each user's last record at home."""
        self.event_ids: set[str | None] = set()
        """Of all events at home."""

    def apply(self, records: Iterable[LogRecord]) -> None:
        """Applies what lies at home, in the order of the log; the rest lies at home too, where it was sent to."""
        for record in records:
            for index, interaction in decode(record.value).events:
                if home_partition(interaction.user_id, self._partitions) == record.partition:
                    event = to_event(record, index, interaction, record.topic_id, now_ms=record.timestamp)
                    state = self.states.setdefault(event.user_id, UserState(event.user_id))
                    state.apply(event)
                    self.event_ids.add(interaction.event_id)
                    self.last[event.user_id] = (record.partition, record.offset)

    def totals(self) -> dict[int, tuple[int, str]]:
        """Applied events by home partition: count and XOR of the ids' hashes, as `freshet status` prints them."""
        totals: dict[int, tuple[int, int]] = {}
        for user_id, state in self.states.items():
            home = home_partition(user_id, self._partitions)
            count, xor = totals.get(home, (0, 0))
            totals[home] = (count + state.applied_count, xor ^ state.applied_xor)
        return {home: (count, f"{xor:016x}") for home, (count, xor) in totals.items()}

    def differing(self, packed: dict[str, bytes]) -> list[str]:
        """Users whose packed state differs from the reference, or who are missing on one side."""
        users = self.states.keys() | packed.keys()
        return sorted(u for u in users if self._comparable(u) != _without_lists(packed.get(u)))

    def _comparable(self, user_id: str) -> bytes | None:
        state = self.states.get(user_id)
        return None if state is None else _without_lists(pack(state))


class Described:
    """Items as the log of media leaves them."""

    def __init__(self, settings: Settings, records: Iterable[LogRecord]) -> None:
        """Merges what lies at home, in the order of the log."""
        self.documents: dict[str, ItemDocument | None] = {}
        """By id; None of an item that is gone."""
        for record in records:
            patches = Patches(settings, cast(Any, self), record.topic_id)
            patches.add(record)
            self.documents |= {item_id: changed.document for item_id, changed in patches.changed.items()}

    def get(self, item_id: str, _partition: int) -> Entry:
        """As a store of documents has it, but for cursors: each record comes once."""
        document = self.documents.get(item_id)
        return Entry(None, None if document is None else msgspec.json.encode(document))

    def differing(self, newest: Mapping[str, bytes]) -> list[str]:
        """Items whose newest document differs, or is there on one side only."""
        found = {item_id: _without_vectors(_decode_document(value)) for item_id, value in newest.items()}
        expected = {item_id: document for item_id, document in self.documents.items() if document is not None}
        return sorted(i for i in expected.keys() | found.keys() if expected.get(i) != found.get(i))


def _without_vectors(document: ItemDocument) -> ItemDocument:
    return msgspec.structs.replace(document, modalities=0, encode_errors=None)


def _without_lists(packed: bytes | None) -> bytes | None:
    if packed is None:
        return None
    state = unpack(packed)
    state.standing, state.current = [], []
    return pack(state)
