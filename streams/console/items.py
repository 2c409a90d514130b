"""What the console remembers of every item: a title, a category, and whether there is a picture."""

from collections.abc import Iterable
from contextlib import suppress

import msgspec
from msgspec import Struct

from streams.follower import Record


class Brief(Struct, frozen=True, omit_defaults=True):
    """What is needed to show an item."""

    title: str | None = None
    category: str | None = None
    has_picture: bool = False
    """Whether there is one at `/items/{id}/picture`."""


class _Document(Struct):
    """The fields of an item document that are kept; a picture's own bytes are not."""

    title: str | None = None
    category: str | None = None
    image: msgspec.Raw = msgspec.Raw(b"null")


UNKNOWN = Brief()


class Briefs:
    """Briefs by item id, kept filled from `items`."""

    def __init__(self) -> None:
        self._briefs: dict[str, Brief] = {}
        self._decode = msgspec.json.Decoder(_Document).decode

    def take(self, record: Record) -> None:
        """Takes a record of `items`."""
        item_id = record.key.decode(errors="replace")
        if record.value is None:
            self._briefs.pop(item_id, None)
            return
        with suppress(msgspec.DecodeError):  # shown by its id
            known = self._decode(record.value)
            self._briefs[item_id] = Brief(known.title, known.category, bytes(known.image) != b"null")

    def of(self, item_ids: Iterable[str]) -> dict[str, Brief]:
        """Briefs of these items; empty ones where nothing is known."""
        return {item_id: self._briefs.get(item_id, UNKNOWN) for item_id in item_ids}
