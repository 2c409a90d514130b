"""A stream of interactions as arrays, and what is known of its items."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]
LongArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Raw = str | bytes | tuple[float, float]
"""One medium as encoders take it."""


@dataclass(frozen=True)
class ItemText:
    """What the items file says of one item."""

    title: str = ""
    text: str = ""
    """What a text encoder reads."""
    categories: tuple[str, ...] = ()
    media: Mapping[str, Raw] = field(default_factory=dict)
    """What else an encoder reads, by modality: files as they are, a place in degrees."""
    arrives_ms: int = 0
    """Nobody, Freshet neither, knows of it before; 0: it is there from the start."""

    @property
    def modalities(self) -> str:
        """The media it has, for instance "text+image"; "none" without any."""
        present = [*(["text"] if self.text else []), *self.media]
        return "+".join(present) or "none"


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

    def renamed(self, name: Callable[[str], str]) -> "Stream":
        """The same with each user called as `name` has it, which has to tell them apart."""
        names = np.array([name(user_id) for user_id in self.user_ids], dtype=object)
        order = np.argsort(names)
        code_of = np.empty(len(names), dtype=np.int32)
        code_of[order] = np.arange(len(names), dtype=np.int32)
        return replace(self, users=code_of[self.users], user_ids=names[order].tolist())


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
    users, items = sorted(set(user_ids)), sorted({*item_ids, *catalogue})
    return Stream(
        users=_codes(user_ids, users),
        items=_codes(item_ids, items),
        timestamps_ms=np.asarray(timestamps_ms, dtype=np.int64),
        values=np.ones(len(user_ids)) if values is None else np.asarray(values, dtype=np.float64),
        user_ids=users,
        item_ids=items,
        action=action,
        catalogue=catalogue,
    )


def _codes(ids: Sequence[str], ordered: list[str]) -> IntArray:
    code_of = {known: code for code, known in enumerate(ordered)}
    return np.fromiter(map(code_of.__getitem__, ids), dtype=np.int32, count=len(ids))
