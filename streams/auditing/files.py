"""Every file of the store and of the deployment's home, except the broker's own: those are the topics."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import fsspec
import msgspec
import numpy as np

from online.owners import COUNTED, number_of
from online.saved import Saved
from streams.auditing.needle import Needle
from streams.settings import Settings
from streams.stores.snapshots import SnapshotStore

CONTENTS = "contents"
"""In the place of the parts of a file that is no snapshot, or one that cannot be read."""


class Named(msgspec.Struct, frozen=True):
    """A file that names somebody, or an item."""

    id: str
    """Whom."""
    name: str
    parts: tuple[str, ...]
    """Where in it: of a snapshot the arrays, and of those that hold several things by name, which."""


def search_store(settings: Settings, needles: Sequence[Needle]) -> tuple[list[Named], int]:
    """Searches snapshots array by array, everything else as it is; and says how many files there are."""
    fs, root = fsspec.core.url_to_fs(settings.store_url)
    paths = sorted(fs.find(root)) if fs.exists(root) else []
    snapshots = SnapshotStore(settings)
    names = set(snapshots.names())
    named = []
    for path in paths:
        name = path.rsplit("/", 1)[-1]
        snapshot = snapshots.read(name) if name in names else None
        try:
            data = fs.cat_file(path) if snapshot is None else b""
        except FileNotFoundError:
            continue  # a learner has removed it meanwhile
        for needle in needles:
            parts = _contents(data, needle) if snapshot is None else tuple(_parts(snapshot[1], needle))
            if parts:
                named.append(Named(needle.id, name, parts))
    return named, len(paths)


def _parts(saved: Saved, needle: Needle) -> Iterator[str]:
    """The arrays of a snapshot that name it; no column of numbers names anybody, but that of accounts."""
    for part, value in saved.items():
        data = value.tobytes() if isinstance(value, np.ndarray) and value.dtype == np.uint8 else value
        if isinstance(data, bytes) and needle.in_value(data):
            yield from _within(part, data, needle)
        elif isinstance(data, np.ndarray) and data.dtype.kind in "SU":
            yield from (part for text in data.ravel() if needle.in_text(str(text)))
        elif isinstance(data, np.ndarray) and part == COUNTED and number_of(needle.id) in data.tolist():
            yield part


def _within(part: str, data: bytes, needle: Needle) -> Iterator[str]:
    try:
        decoded = msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        decoded = None
    if isinstance(decoded, dict):
        yield from (f"{part} {name}" for name, value in decoded.items() if needle.in_decoded({name: value}))
    else:
        yield part


def search_home(settings: Settings, needles: Sequence[Needle]) -> tuple[list[Named], int]:
    """Searches logs and whatever else lies in the home; and says how many files there are."""
    apart = [settings.home / "broker", Path(settings.store_url)]
    paths = [
        path
        for path in sorted(settings.home.rglob("*"))
        if path.is_file() and not any(path.is_relative_to(folder) for folder in apart)
    ]
    named = []
    for path in paths:
        name = str(path.relative_to(settings.home))
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue  # of a worker that has ended meanwhile
        named += [Named(needle.id, name, parts) for needle in needles if (parts := _contents(data, needle))]
    return named, len(paths)


def _contents(data: bytes, needle: Needle) -> tuple[str, ...]:
    if not needle.is_sure and b"\0" in data:
        return ()
    return (CONTENTS,) if needle.in_raw(data) else ()
