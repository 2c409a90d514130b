"""Dense rows for item ids, item documents, and which items may be in a list at a given time."""

from collections.abc import Callable, Iterator
from typing import NamedTuple
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.availability import ALWAYS, NEVER_MS, Availability, Limits
from online.item import Item
from online.item_filter import Attributes
from online.saved import CapacityError, Saved
from online.statistics.base import Rows

UNKNOWN_ROW = -1
EVICTED_SHARE = 16
"""A full catalogue gives up one row in this many at once, so that making room is rare."""
UNUSED_SHARE = 4
"""One row in this many is for items that nobody had yet, before others make room for them."""
UNUSED = -(2**62)
"""Added to the tick at which an item came to be known, as long as nobody had it."""
CATEGORY_SLOTS = 4_096
"""Categories that are told apart; those beyond share slots."""
LABELS = 6
"""An item's category and so many tags less one are looked at."""


class Categories(NamedTuple):
    """The arrays of categories, as compiled functions take them."""

    slots: Rows
    """[capacity, LABELS] of each item's category, then of its first tags; 0 where there is none."""


class _Saved(msgspec.Struct):
    """The part of a catalogue that is not numbers."""

    ids: list[str | None]
    documents: dict[int, Item]
    deleted: list[str]
    tick: int
    limits: dict[str, Limits] = {}
    """None in snapshots of earlier versions."""


class Catalogue:
    """Rows are small integers that index every statistic's arrays; they stay an item's own until it is evicted.

    Arrays have their full size from the start: an operating system hands out zeroed pages when they are first
    written, so unused capacity costs address space only, and no list waits for a copy while they grow.
    """

    def __init__(self, capacity: int = 262_144, on_evict: Callable[[Rows], None] | None = None) -> None:
        if capacity < EVICTED_SHARE:
            msg = f"catalogue capacity is {capacity}; it has to be at least {EVICTED_SHARE}"
            raise ValueError(msg)
        self.capacity = capacity
        self._on_evict = on_evict
        self.rows: dict[str, int] = {}
        """Row of every known item id. To be read only."""
        self._ids: list[str | None] = []
        self._free: list[int] = []
        self._documents: dict[int, Item] = {}
        self._deleted: dict[str, None] = {}
        self._limits: dict[str, Limits] = {}
        """Of items that made room, what their documents said of whether and when they may be listed, if not always."""
        self.categories = Categories(np.zeros((capacity, LABELS), np.int32))
        """To be read only."""
        self.attributes = Attributes(capacity)
        """To be read only."""
        self.hashes = np.zeros(capacity, np.uint32)
        """[capacity] `item_hash` of each row's id. To be read only."""
        self._touched = np.zeros(capacity, np.int64)
        self._tick = 0
        self._availability = Availability(capacity)

    def __len__(self) -> int:
        """How many items are known."""
        return len(self.rows)

    @property
    def end(self) -> int:
        """Every row in use is below this."""
        return len(self._ids)

    def row(self, item_id: str, *, create: bool = False) -> int:
        """The item's row, or UNKNOWN_ROW. With `create` it gets one, and counts as just used."""
        row = self.rows.get(item_id, UNKNOWN_ROW)
        if create:
            row = self.place(item_id)
            self.touch(row)
        return row

    def place(self, item_id: str) -> int:
        """The item's row, which it gets if it has none; that is no use of it."""
        row = self.rows.get(item_id, UNKNOWN_ROW)
        if row < 0:
            row = self._create(item_id)
            self._tick += 1
            self._touched[row] = self._tick + UNUSED
        return row

    def touch(self, row: int) -> None:
        """Counts an item as just used."""
        self._tick += 1
        self._touched[row] = self._tick

    def item_id(self, row: int) -> str:
        """The id of the item in a row.

        Raises:
            KeyError: No item has that row.
        """
        found = self._ids[row] if 0 <= row < len(self._ids) else None
        if found is None:
            msg = f"no item has row {row}; rows in use are below {len(self._ids)}"
            raise KeyError(msg)
        return found

    def document(self, item_id: str) -> Item | None:
        """The item's document, if it has one and is not deleted."""
        return self._documents.get(self.row(item_id))

    @property
    def document_count(self) -> int:
        """How many items have a document."""
        return len(self._documents)

    def newest(self) -> Iterator[tuple[int, str]]:
        """Rows and ids of items with a document, the most recently put first."""
        return ((row, item.item_id) for row, item in reversed(self._documents.items()))

    def put(self, item: Item) -> int:
        """Adds or replaces a document, also of an item that was deleted.

        Returns:
            The item's row.
        """
        self._deleted.pop(item.item_id, None)
        self._limits.pop(item.item_id, None)
        row = self.place(item.item_id)
        self._drop_document(row)
        self._documents[row] = item
        self._note(row, item)
        return row

    def _drop_document(self, row: int) -> None:
        item = self._documents.pop(row, None)
        if item is not None:
            self.attributes.drop(row, item)

    def _note(self, row: int, item: Item) -> None:
        self.attributes.put(row, item)
        expires_ms = NEVER_MS if item.expires_ms is None else item.expires_ms
        self._availability.put(row, Limits(item.available, item.available_from_ms, expires_ms))
        labels = [item.category, *item.tags[: LABELS - 1]]
        self.categories.slots[row] = 0
        self.categories.slots[row, : len(labels)] = [category_slot(label) for label in labels]

    def delete(self, item_id: str) -> None:
        """Keeps the item out of every list until it is put again; what was learned from it stays useful."""
        self._limits.pop(item_id, None)
        self._deleted.pop(item_id, None)
        self._deleted[item_id] = None
        if len(self._deleted) > self.capacity:
            del self._deleted[next(iter(self._deleted))]
        row = self.row(item_id)
        if row >= 0:
            self._drop_document(row)
            self._availability.bar(np.array([row], np.int32))

    def drop_documents(self) -> None:
        """Forgets every document, as if none had come yet; items and what was learned of them stay."""
        limited = [self.item_id(row) for row in self._documents] + [i for i in self._limits if i in self.rows]
        for row, item in self._documents.items():
            self.attributes.drop(row, item)
        self._documents.clear()
        self._limits.clear()
        for item_id in limited:
            self._limit(self.rows[item_id], item_id)
        self.categories.slots[:] = 0

    def servable(self, wall_ms: int) -> NDArray[np.bool_]:
        """Which rows may be in a list made at `wall_ms`: [capacity] bool, to be read only.

        Items without a document are servable; deleted, unavailable, expired and not yet available ones are not.
        """
        return self._availability.allowed(wall_ms)

    def may_list(self, item_id: str, wall_ms: int) -> bool:
        """Whether the item may be in a list made at `wall_ms`; one that is not known may, unless it was deleted."""
        row = self.row(item_id)
        if row >= 0:
            return bool(self.servable(wall_ms)[row])
        return item_id not in self._deleted and self._limits.get(item_id, ALWAYS).allow(wall_ms)

    def barred(self, wall_ms: int) -> NDArray[np.uint32]:
        """`item_hash` of every item known that may be in no list made at `wall_ms`: [n], in no order."""
        known = self.hashes[: self.end][~self.servable(wall_ms)[: self.end]]
        unknown = [
            *self._deleted,
            *(item_id for item_id in self._limits if not self.may_list(item_id, wall_ms)),
        ]
        return np.concatenate([known, np.array(list(map(item_hash, unknown)), np.uint32)])

    def take_turned(self, wall_ms: int) -> list[str]:
        """Ids of items that time has made available, or no longer so, since the last call; the first tells of none."""
        return [self.item_id(row) for row in self._availability.take_turned(wall_ms).tolist()]

    def _create(self, item_id: str) -> int:
        if not self._free and len(self._ids) == self.capacity:
            self._evict()
        if self._free:
            row = self._free.pop()
            self._ids[row] = item_id
        else:
            row = len(self._ids)
            self._ids.append(item_id)
        self.rows[item_id] = row
        self.hashes[row] = item_hash(item_id)
        self._limit(row, item_id)
        return row

    def _limit(self, row: int, item_id: str) -> None:
        """Notes what is known, without a document, of whether and when the item may be listed."""
        limits = self._limits.get(item_id, ALWAYS)
        self._availability.put(row, limits._replace(listed=limits.listed and item_id not in self._deleted))

    def _evict(self) -> None:
        """Makes room.

        Of what nobody had, what is known longest goes, as long as that is more than its share; else what nobody has had
        for longest. So neither does a feed of more documents than there is room for displace what is had, nor what was
        had long ago what is new.
        """
        count = self.capacity // EVICTED_SHARE
        order = np.argsort(self._touched, kind="stable").astype(np.int32)
        unused_count = int((self._touched < 0).sum())
        spare = max(unused_count - self.capacity // UNUSED_SHARE, count - (self.capacity - unused_count), 0)
        unused = min(spare, count)
        evicted = np.concatenate([order[:unused], order[unused_count:][: count - unused]])
        for row in evicted.tolist():
            item_id = self.item_id(row)
            limits = self._availability.limits(row)
            if row in self._documents and limits != ALWAYS:
                self._limits[item_id] = limits
            del self.rows[item_id]
            self._ids[row] = None
            self._drop_document(row)
        for item_id in list(self._limits)[: max(len(self._limits) - self.capacity, 0)]:
            del self._limits[item_id]
        self._availability.bar(evicted)
        self.categories.slots[evicted] = 0
        self._free = sorted(evicted.tolist(), reverse=True)  # as they are loaded
        if self._on_evict is not None:
            self._on_evict(evicted)

    def save(self) -> Saved:
        """Everything that `load` needs to give the same rows and masks."""
        saved = _Saved(self._ids, self._documents, list(self._deleted), self._tick, self._limits)
        return {
            "catalogue": msgspec.msgpack.encode(saved),
            "touched": self._touched[: self.end].copy(),
        }

    def load(self, saved: Saved) -> None:
        """Replaces everything by what was saved.

        Raises:
            CapacityError: More rows were saved than this catalogue has room for.
        """
        encoded, touched = saved["catalogue"], saved["touched"]
        assert isinstance(encoded, bytes)
        assert isinstance(touched, np.ndarray)
        part = msgspec.msgpack.decode(encoded, type=_Saved)
        if len(part.ids) > self.capacity:
            raise CapacityError(len(part.ids), self.capacity)
        categories = self.categories
        self.__init__(self.capacity, self._on_evict)  # type: ignore[misc]  # every field starts anew
        # Except for what compiled code was given.
        self.categories = categories
        self.categories.slots[:] = 0
        self._ids = part.ids
        self._free = [row for row, item_id in reversed(list(enumerate(part.ids))) if item_id is None]
        self.rows = {item_id: row for row, item_id in enumerate(part.ids) if item_id is not None}
        self._documents, self._tick = part.documents, part.tick
        self._deleted = dict.fromkeys(part.deleted)
        self._limits = part.limits
        self._touched[: len(touched)] = touched
        for row, item_id in enumerate(part.ids):
            self.hashes[row] = item_hash(item_id or "")
            if item_id is not None and row not in self._documents:
                self._limit(row, item_id)
        for row, item in self._documents.items():
            self._note(row, item)


def category_slot(category: str) -> int:
    """Where a category's sums are kept: 0 for none, else by a hash, so that nothing has to be remembered."""
    return 1 + crc32(category.encode()) % (CATEGORY_SLOTS - 1) if category else 0


def item_hash(item_id: str) -> int:
    """32 bits that stand for an item among the candidates of one list."""
    return crc32(item_id.encode())
