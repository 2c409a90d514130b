"""The newest list of every user of the owned partitions, with what would come next, and which lists hold an item.

An index from items to users would be as large as the lists. Here each user has a row of the hashes of their items, and
looking an item up is one pass over all rows: 40 bytes a user, and 10 ms for a million users.
"""

from collections.abc import Collection, Iterator, Mapping

import msgspec
import numpy as np
from cramjam import lz4
from numpy.typing import NDArray

from online.catalogue import item_hash
from online.events import Cursor
from online.ranking.tastes import Taste, Tastes
from online.recommender_config import RecommenderConfig
from online.state import UserState
from streams.events import ListItem, Recommendation, Scalar, Through
from streams.follower import Follower, Record
from streams.producer import Outgoing
from streams.settings import Settings
from streams.topics import full_name

RESERVE_HEADER = "reserve"
"""On a record of `recommendations`: what would come after the list's last item, as JSON."""
CONTEXT_HEADER = "context"
"""On one whose event told of its surroundings: what rules asked for of them, and will when the list is made again."""
BLOCK = 8_192
"""Users looked at in one go."""
_FIRST_SLOTS = 1_024


class Published(msgspec.Struct):
    """A list as it was published."""

    recommendation: Recommendation
    reserve: list[ListItem]
    """What takes the places of items that go, best first."""
    taste: Taste | None = None
    """What it asks of new items, where it was just made."""
    context: Mapping[str, Scalar] = {}
    """What rules asked for of the surroundings that the user's last event tells of."""

    @property
    def item_ids(self) -> list[str]:
        """The list's ids, best first."""
        return [item.item_id for item in self.recommendation.items]


def through_of(state: UserState) -> Through:
    """Up to which event a list made with the state knows the user."""
    cursor = state.cursor
    return Through(-1, -1, -1) if cursor is None else Through(cursor.partition, cursor.offset, cursor.index)


class _Kept(msgspec.Struct, array_like=True):
    value: bytes
    reserve: bytes
    context: bytes = b"{}"


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Recommendation).decode
_decode_reserve = msgspec.json.Decoder(list[ListItem]).decode
_decode_context = msgspec.json.Decoder(dict[str, Scalar]).decode
_encode_kept = msgspec.msgpack.Encoder().encode
_decode_kept = msgspec.msgpack.Decoder(_Kept).decode


class PublishedLists:
    """Newest lists by user, compressed to about 1 kB each."""

    def __init__(self, settings: Settings) -> None:
        self.tastes = Tastes(RecommenderConfig().dim)
        """By slot."""
        self._topic = full_name(settings, "recommendations")
        self._follower = Follower(settings, self._topic)
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._users: list[str] = []
        self._kept: list[bytes] = []
        self._partitions = np.zeros(_FIRST_SLOTS, np.int32)
        self._generated_ms = np.zeros(_FIRST_SLOTS, np.int64)
        self._through = np.zeros((_FIRST_SLOTS, 2), np.int64)
        """Offset and index."""
        self._length = settings.list_length
        self._hashes = np.zeros((_FIRST_SLOTS, self._length), np.uint32)
        self._changed: set[str] = set()
        """Users whose state may know another list."""
        self._owned: set[int] = set()
        self._kept_partitions: set[int] = set()
        """Those that were owned before: they are read from where that ended."""
        self._newer: set[str] | None = None
        """Users whose list was kept while older ones are read."""
        self.loads = 0
        """Of which of `UserStore.loads` these are the lists."""
        self.size_bytes = 0
        """Bytes of packed lists held."""

    def begin(self, partitions: Collection[int]) -> None:
        """Keeps the lists of exactly these partitions from now on; `read` brings those that were there before.

        What is kept from here on is newer than what will be read, so nothing that was kept may be on its way to Kafka.
        """
        self._kept_partitions = self._owned & set(partitions)
        self._owned = set(partitions)
        for user_id, slot in list(self._slots.items()):
            if self._partitions[slot] not in self._owned:
                self.forget(user_id)
        self._newer = set()

    async def read(self, loads: int) -> None:
        """Reads the lists of the partitions, which are those of that load of the users, up to the topic's end."""
        positions = self._follower.positions
        kept = self._kept_partitions
        await self._follower.assign({p: positions.get(p, -1) if p in kept else -1 for p in self._owned})
        await self._follower.read_to_end(self._take)
        self._newer = None
        self.loads = loads

    def keep(self, published: Published, partition: int) -> Outgoing:
        """Notes a user's newest list; returns the record that publishes it."""
        user_id = published.recommendation.user_id
        value, reserve = _encode(published.recommendation), _encode(published.reserve)
        if self._newer is not None:
            self._newer.add(user_id)
        context = _encode(published.context)
        self._put(published, partition, value, reserve, context)
        headers = [(RESERVE_HEADER, reserve), *([(CONTEXT_HEADER, context)] if published.context else [])]
        return Outgoing(self._topic, user_id.encode(), value, partition, headers=headers)

    def erase(self, user_id: str, partition: int) -> Outgoing:
        """Keeps no list of the user any more; returns the tombstone of the one that was published."""
        if self._newer is not None:
            self._newer.add(user_id)
        self.forget(user_id)
        return Outgoing(self._topic, user_id.encode(), None, partition)

    def holds(self, user_id: str) -> bool:
        """Whether anything of the user is held here."""
        return user_id in self._slots or user_id in self._changed or user_id in self._users

    def lists(self, item_id: str) -> bool:
        """Whether the item is in anybody's list here."""
        hashes = np.array([item_hash(item_id)], np.uint32)
        found = (self.get(user_id) for block in self.holding(hashes) for user_id in block)
        return any(published is not None and item_id in published.item_ids for published in found)

    def get(self, user_id: str) -> Published | None:
        """The user's newest list, if there is one."""
        slot = self._slots.get(user_id)
        if slot is None:
            return None
        kept = _decode_kept(bytes(lz4.decompress_block(self._kept[slot])))
        return Published(
            _decode(kept.value), _decode_reserve(kept.reserve), context=_decode_context(kept.context)
        )

    def context(self, user_id: str) -> Mapping[str, Scalar]:
        """What is kept of the surroundings that the user's newest list was made for."""
        found = self.get(user_id)
        return {} if found is None else found.context

    def partition(self, user_id: str) -> int:
        """Where the list of a user who has one lies."""
        return int(self._partitions[self._slots[user_id]])

    def stood(self, state: UserState) -> None:
        """Notes the list in the user's state if it was changed, or made again, after the state was written."""
        found = self.get(state.user_id) if state.user_id in self._changed else None
        # A list that a crash has left ahead of the state is not what stood before the events that come again.
        if found is not None and found.recommendation.through == through_of(state):
            state.published(found.item_ids)

    def is_behind(self, user_id: str, cursor: Cursor) -> bool:
        """Whether the user, who is known up to there, has no list, or one that knows less."""
        slot = self._slots.get(user_id)
        return slot is None or tuple(self._through[slot].tolist()) < (cursor.offset, cursor.index)

    def holding(self, hashes: NDArray[np.uint32]) -> Iterator[list[str]]:
        """Users whose list holds an item with one of these `item_hash`es, and few others; in blocks.

        Lists may be kept and forgotten between two blocks.
        """
        for start in range(0, len(self._users), BLOCK):
            held: NDArray[np.bool_] = np.any(np.isin(self._hashes[start : start + BLOCK], hashes), axis=1)
            yield [self._users[start + row] for row in np.flatnonzero(held[: len(self._users) - start])]

    def short(self) -> list[int]:
        """Slots of the lists that have room for more items."""
        last = self._hashes[: self.end, self._length - 1]
        return [slot for slot in np.flatnonzero(last == 0).tolist() if self._users[slot]]

    def made_before(self, wall_ms: float) -> list[str]:
        """Users whose list was made before that time, the oldest list's first."""
        old = np.flatnonzero(self._generated_ms[: self.end] < wall_ms)
        in_order = old[np.argsort(self._generated_ms[old], kind="stable")]
        return [self._users[slot] for slot in in_order.tolist() if self._users[slot]]

    def forget(self, user_id: str) -> None:
        """Keeps no list of the user any more."""
        slot = self._slots.pop(user_id, None)
        if slot is not None:
            self.size_bytes -= len(self._kept[slot])
            self._users[slot], self._kept[slot] = "", b""
            self._hashes[slot] = 0
            self.tastes.clear(slot)
            self._free.append(slot)
            self._changed.discard(user_id)

    @property
    def end(self) -> int:
        """Every slot in use is below this."""
        return len(self._users)

    def user(self, slot: int) -> str:
        """Whose slot it is; empty if nobody's."""
        return self._users[slot]

    def count(self) -> int:
        """Users whose list is held."""
        return len(self._slots)

    def close(self) -> None:
        """Stops reading."""
        self._follower.close()

    def _take(self, record: Record) -> None:
        user_id = record.key.decode()
        if self._newer is None or user_id in self._newer:
            return
        if record.value is None:
            self.forget(user_id)
            return
        reserve = record.headers.get(RESERVE_HEADER, b"[]")
        published = Published(_decode(record.value), _decode_reserve(reserve))
        context = record.headers.get(CONTEXT_HEADER, b"{}")
        self._put(published, record.partition, record.value, reserve, context)
        self._changed.add(user_id)  # a worker may have died between the list and the state
        self.tastes.doubt(self._slots[user_id])

    def _put(
        self, published: Published, partition: int, value: bytes, reserve: bytes, context: bytes
    ) -> None:
        user_id = published.recommendation.user_id
        slot = self._slot(user_id)
        hashes = [item_hash(item_id) for item_id in published.item_ids]
        self._make_room(slot, len(hashes))
        self.size_bytes -= len(self._kept[slot])
        self._kept[slot] = bytes(lz4.compress_block(_encode_kept(_Kept(value, reserve, context))))
        self.size_bytes += len(self._kept[slot])
        self._partitions[slot] = partition
        self._generated_ms[slot] = published.recommendation.generated_ms
        through = published.recommendation.through
        self._through[slot] = through.offset, through.index
        self._hashes[slot] = 0
        self._hashes[slot, : len(hashes)] = hashes
        if published.taste is not None:
            self.tastes.put(slot, published.taste)
        if published.recommendation.cause.kind in {"item", "schedule"}:
            self._changed.add(user_id)
        else:
            self._changed.discard(user_id)

    def _slot(self, user_id: str) -> int:
        slot = self._slots.get(user_id)
        if slot is None:
            if self._free:
                slot = self._free.pop()
            else:
                slot = len(self._users)
                self._users.append("")
                self._kept.append(b"")
            self._users[slot] = user_id
            self._slots[user_id] = slot
        return slot

    def _make_room(self, slot: int, width: int) -> None:
        rows, columns = self._hashes.shape
        if slot >= rows or width > columns:
            more_rows = rows if slot >= rows else 0
            self._hashes = np.pad(self._hashes, [(0, more_rows), (0, max(0, width - columns))])
            more = (0, len(self._hashes) - len(self._partitions))
            self._partitions = np.pad(self._partitions, more)
            self._generated_ms = np.pad(self._generated_ms, more)
            self._through = np.pad(self._through, [more, (0, 0)])
