"""A stream of interactions as arrays, and what is known of its items."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]
LongArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class ItemText:
    """What the items file says of one item."""

    title: str = ""
    text: str = ""
    categories: tuple[str, ...] = ()
    has_image: bool = False


@dataclass(frozen=True)
class Stream:
    """Interactions in any order; users and items as codes into the sorted ids, so file order leaves no trace."""

    users: IntArray
    """[events], codes into `user_ids`."""
    items: IntArray
    """[events], codes into `item_ids`."""
    timestamps_ms: LongArray
    values: FloatArray
    user_ids: list[str]
    item_ids: list[str]
    """Every item of the events and of the catalogue, sorted."""
    action: str = "click"
    catalogue: dict[str, ItemText] = field(default_factory=dict)
    """By item id; items without a row are missing."""

    @property
    def event_count(self) -> int:
        """Number of interactions."""
        return len(self.users)

    def digest(self) -> str:
        """A hash of the events as a multiset: equal for the same data, whatever its file's order."""
        order = np.lexsort((self.values, self.items, self.users, self.timestamps_ms))
        digest = hashlib.sha256()
        for column in (self.users, self.items, self.timestamps_ms, self.values):
            digest.update(np.ascontiguousarray(column[order]).tobytes())
        for ids in (self.user_ids, self.item_ids):
            digest.update("\x00".join(ids).encode())
        return digest.hexdigest()


def stream_of(
    user_ids: Sequence[str],
    item_ids: Sequence[str],
    timestamps_ms: Sequence[int] | LongArray,
    values: Sequence[float] | FloatArray | None = None,
    action: str = "click",
    catalogue: dict[str, ItemText] | None = None,
) -> Stream:
    """Builds a stream from columns of equal length, one row an interaction."""
    catalogue = catalogue or {}
    users, user_codes = np.unique(np.asarray(user_ids, dtype=object).astype(str), return_inverse=True)
    every_item = np.asarray([*item_ids, *catalogue], dtype=object).astype(str)
    items, item_codes = np.unique(every_item, return_inverse=True)
    count = len(user_ids)
    return Stream(
        users=user_codes.astype(np.int32),
        items=item_codes[:count].astype(np.int32),
        timestamps_ms=np.asarray(timestamps_ms, dtype=np.int64),
        values=np.ones(count) if values is None else np.asarray(values, dtype=np.float64),
        user_ids=users.tolist(),
        item_ids=items.tolist(),
        action=action,
        catalogue=catalogue,
    )
