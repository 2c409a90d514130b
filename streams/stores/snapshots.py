"""Snapshots of the statistics in the store: a folder, or S3 and the like through fsspec."""

import hashlib
import io
from contextlib import suppress
from uuid import uuid4

import fsspec
import msgspec
import numpy as np

from online.fold import Saved
from streams.settings import Settings
from streams.stores import StoreError

KEPT = 3
"""Snapshots kept; a damaged or lost one is replaced by the one before it and a longer log to fold."""


class Manifest(msgspec.Struct):
    """What a snapshot is and where the log goes on after it."""

    epoch: int
    number: int
    examples_topic_id: str
    examples_offset: int
    """The first offset of the log of examples that the snapshot does not contain."""


class SnapshotStore:
    """Saves and finds snapshots. Written under another name first, so a snapshot is whole or not there."""

    def __init__(self, settings: Settings) -> None:
        """Finds the store.

        Raises:
            StoreError: There is no such kind of store here.
        """
        self._url = f"{settings.store_url.rstrip('/')}/{settings.topic_prefix}snapshots"
        try:
            self._fs, self._root = fsspec.core.url_to_fs(self._url)
        except (ValueError, ImportError) as exc:
            msg = f"the store {self._url} cannot be used: {exc}"
            raise StoreError(msg) from None

    def check(self) -> None:
        """Writes and removes a file.

        Raises:
            StoreError: The store cannot be written.
        """
        name = f"{uuid4().hex}.check"
        self._write(name, b"writable")
        self._fs.rm(f"{self._root}/{name}")

    def save(self, manifest: Manifest, saved: Saved) -> str:
        """Writes a snapshot and removes the oldest beyond `KEPT`.

        Returns:
            Its name.

        Raises:
            StoreError: The store cannot be written, for instance because the disk is full.
        """
        arrays = {k: np.frombuffer(v, np.uint8) if isinstance(v, bytes) else v for k, v in saved.items()}
        kinds = {k: isinstance(v, bytes) for k, v in saved.items()}
        buffer = io.BytesIO()
        meta = msgspec.json.encode({"manifest": manifest, "bytes": kinds})
        np.savez(buffer, allow_pickle=False, **arrays, __meta__=np.frombuffer(meta, np.uint8))
        data = buffer.getvalue()
        name = f"{manifest.epoch:08d}-{manifest.number:012d}-{hashlib.sha256(data).hexdigest()[:16]}.npz"
        self._write(name, data)
        for old in self._names()[:-KEPT]:
            self._fs.rm(f"{self._root}/{old}")
        return name

    def _write(self, name: str, data: bytes) -> None:
        part = f"{self._root}/{name}.part"
        try:
            self._fs.makedirs(self._root, exist_ok=True)
            with self._fs.open(part, "wb") as file:
                file.write(data)
            self._fs.mv(part, f"{self._root}/{name}")
        except OSError as exc:
            with suppress(OSError):
                self._fs.rm(part)
            msg = f"the store {self._url} cannot be written: {exc.strerror or exc}"
            raise StoreError(msg) from exc

    def newest(self, examples_topic_id: str) -> tuple[Manifest, Saved] | None:
        """The newest whole snapshot of this log of examples, or None."""
        for name in reversed(self._names()):
            found = self._read(name)
            if found is not None and found[0].examples_topic_id == examples_topic_id:
                return found
        return None

    def _names(self) -> list[str]:
        if not self._fs.exists(self._root):
            return []
        paths = self._fs.ls(self._root, detail=False, refresh=True)
        return sorted(path.rsplit("/", 1)[-1] for path in paths if path.endswith(".npz"))

    def _read(self, name: str) -> tuple[Manifest, Saved] | None:
        try:
            with self._fs.open(f"{self._root}/{name}", "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return None
        if hashlib.sha256(data).hexdigest()[:16] != name.removesuffix(".npz").rsplit("-", 1)[-1]:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            meta = msgspec.json.decode(arrays["__meta__"].tobytes())
            saved: Saved = {
                key: arrays[key].tobytes() if is_bytes else arrays[key]
                for key, is_bytes in meta["bytes"].items()
            }
        return msgspec.convert(meta["manifest"], Manifest), saved
