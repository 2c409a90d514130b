"""What the river has published: each user's newest list, and the titles of items."""

from collections.abc import Collection
from contextlib import suppress

import msgspec

from streams.follower import Record


class NewestLists:
    """Keeps the newest record of each user, as `recommendations` means it; a tombstone ends a user's list.

    Args:
        users: Whom to keep; empty: everybody.
    """

    def __init__(self, users: Collection[str]) -> None:
        self._users = frozenset(user.encode() for user in users)
        self._by_key: dict[bytes, Record] = {}

    def take(self, record: Record) -> None:
        """Takes the next record of its partition."""
        if not self.wants(record):
            return
        if record.value is None:
            self._by_key.pop(record.key, None)
        else:
            self._by_key[record.key] = record

    def wants(self, record: Record) -> bool:
        """Whether the record is about one of the users asked for."""
        return not self._users or record.key in self._users

    def newest(self, limit: int | None) -> list[Record]:
        """The last `limit` lists, the newest at the end."""
        ordered = sorted(self._by_key.values(), key=lambda record: (record.timestamp_ms, record.offset))
        return ordered if limit is None else ordered[-limit:]

    def missing(self) -> list[str]:
        """The users asked for who have no list."""
        return sorted(user.decode() for user in self._users - self._by_key.keys())


class _Titled(msgspec.Struct):
    """The one field of an item document that is kept."""

    title: str | None = None


class Titles:
    """The titles of items, by id, as far as they are known."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._decode = msgspec.json.Decoder(_Titled).decode

    def take(self, record: Record) -> None:
        """Takes a record of `items`."""
        title = None
        if record.value:
            with suppress(msgspec.DecodeError):  # an item without a title is shown by its id
                title = self._decode(record.value).title
        if title:
            self._titles[record.key.decode(errors="replace")] = title

    def of(self, item_id: str) -> str:
        """An item's title, or nothing."""
        return self._titles.get(item_id, "")
