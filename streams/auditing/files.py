"""Every file of the store and of the deployment's home, except the broker's own: those are the topics."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import numpy as np

from online.owners import COUNTED, number_of
from streams.auditing.finds import Find
from streams.auditing.needle import Needle
from streams.settings import Settings
from streams.stores.snapshots import SnapshotStore

UNREADABLE = ""
"""The one part of a snapshot that cannot be read."""
BY_ITEM = "recommender."
"""How parts of a snapshot begin that are kept by item."""


def search_store(settings: Settings, needle: Needle, is_item: bool) -> tuple[list[Find], int]:
    """Searches snapshots array by array, everything else as it is; and says how many files there are.

    Where an item has the same id, what is kept by item counts for it.
    """
    fs, root = fsspec.core.url_to_fs(settings.store_url)
    paths = sorted(fs.find(root)) if fs.exists(root) else []
    snapshots = SnapshotStore(settings)
    names = set(snapshots.names())
    finds = []
    for path in paths:
        name = path.rsplit("/", 1)[-1]
        parts = list(_parts(snapshots, name, needle)) if name in names else None
        if parts is None or parts == [UNREADABLE]:
            parts = ["contents"] if _in_file(fs.cat_file(path), needle) else []
        if is_item:
            parts = [part for part in parts if not part.startswith(BY_ITEM)]
        if parts:
            finds.append(Find(f"store {name}", f"named in {', '.join(parts)}", len(parts), None))
    return finds, len(paths)


def _parts(snapshots: SnapshotStore, name: str, needle: Needle) -> Iterator[str]:
    """The arrays of a snapshot that name the user; no column of numbers names anybody, but that of accounts."""
    found = snapshots.read(name)
    if found is None:
        yield UNREADABLE
        return
    for part, value in found[1].items():
        data = value.tobytes() if isinstance(value, np.ndarray) and value.dtype == np.uint8 else value
        if isinstance(data, bytes) and needle.in_value(data):
            yield part
        elif isinstance(data, np.ndarray) and data.dtype.kind in "SU":
            yield from (part for text in data.ravel() if needle.in_text(str(text)))
        elif isinstance(data, np.ndarray) and part == COUNTED and number_of(needle.id) in data.tolist():
            yield part


def search_home(settings: Settings, needle: Needle) -> tuple[list[Find], int]:
    """Searches logs and whatever else lies in the home; and says how many files there are."""
    apart = [settings.home / "broker", Path(settings.store_url)]
    paths = [
        path
        for path in sorted(settings.home.rglob("*"))
        if path.is_file() and not any(path.is_relative_to(folder) for folder in apart)
    ]
    finds = [
        Find(f"file {path.relative_to(settings.home)}", "named in it", 1, None)
        for path in paths
        if _in_file(path.read_bytes(), needle)
    ]
    return finds, len(paths)


def _in_file(data: bytes, needle: Needle) -> bool:
    if not needle.is_sure and b"\0" in data:
        return False
    return needle.in_raw(data)
