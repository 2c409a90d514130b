"""Snapshots of the statistics in the store: a folder, or S3 and the like through fsspec."""

import errno
import hashlib
import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, date
from typing import IO
from uuid import uuid4
from zipfile import BadZipFile

import fsspec
import msgspec
import numpy as np

from online.owners import COUNTED, number_of
from online.saved import Saved
from online.sets import SetGrouper
from streams.settings import Settings
from streams.stores import StoreError, StoreUnavailableError
from streams.stores.encryption import MAGIC, load_keys

KEPT = 3
"""Newest snapshots kept; a damaged or lost one is replaced by the one before it and a longer log to fold."""
KEPT_DAYS = 7
"""Of so many days, today among them, the last snapshot is kept too, for its ranking to be rolled back to."""
_STAY = (PermissionError, FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)
"""Errors of stores that do not pass by waiting."""


class Manifest(msgspec.Struct):
    """What a snapshot is and where the log goes on after it."""

    epoch: int
    number: int
    examples_topic_id: str
    examples_offset: int
    """The first offset of the log of examples that the snapshot does not contain."""


class Listed(msgspec.Struct):
    """A snapshot, as far as can be said without reading all of it."""

    name: str
    manifest: Manifest
    size_bytes: int
    saved_ms: int
    arrays: dict[str, np.ndarray]
    """Those that were asked for and that it has."""


def users_in(saved: Mapping[str, np.ndarray | bytes], user_ids: Collection[str]) -> set[str]:
    """Which of the users a snapshot names: by a set that was open, or by an account of their privacy."""
    counted = saved.get(COUNTED)
    numbers = set(counted.tolist()) if isinstance(counted, np.ndarray) else set()
    named = SetGrouper.users_of(bytes(saved["sets"]))
    return {user_id for user_id in user_ids if user_id in named or number_of(user_id) in numbers}


class SnapshotStore:
    """Saves and finds snapshots. Written under another name first, so a snapshot is whole or not there."""

    def __init__(self, settings: Settings) -> None:
        """Finds the store.

        Raises:
            StoreError: There is no such kind of store here, or its keys are not to be had.
        """
        self._keys = load_keys(settings)
        self._folder = f"{settings.topic_prefix}snapshots"
        self._url = f"{settings.store_url.rstrip('/')}/{self._folder}"
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
        with self._in_use("written"):
            self._write(name, b"writable")
            self._fs.rm(f"{self._root}/{name}")

    def save(self, manifest: Manifest, saved: Saved) -> str:
        """Writes a snapshot and removes those that are neither of the newest nor the last of a day, nor were finished.

        Returns:
            Its name.

        Raises:
            StoreUnavailableError: The store is full, or does not answer.
            StoreError: It cannot be written.
        """
        arrays = {k: np.frombuffer(v, np.uint8) if isinstance(v, bytes) else v for k, v in saved.items()}
        kinds = {k: isinstance(v, bytes) for k, v in saved.items()}
        buffer = io.BytesIO()
        meta = msgspec.json.encode({"manifest": manifest, "bytes": kinds})
        np.savez(buffer, allow_pickle=False, **arrays, __meta__=np.frombuffer(meta, np.uint8))
        number = f"{manifest.epoch:08d}-{manifest.number:012d}"
        data = self._keys.seal(buffer.getvalue(), self._place(number))
        name = f"{number}-{_digest(data)}.npz"
        with self._in_use("written"):
            self._write(name, data)
            for old in (*self._outdated(), *self._unfinished()):
                self._fs.rm(f"{self._root}/{old}")
        return name

    def remove_naming(self, users: Collection[str], but: str) -> dict[str, int]:
        """Removes every snapshot but one that names any of the users: those made while a set of theirs was open.

        Where the ranking is learned with privacy, those too that have an account of theirs. Damaged ones go with them:
        nobody starts from them, and whom they name cannot be told.

        Returns:
            How many named each.

        Raises:
            StoreError: One cannot be read, or not be removed.
        """
        removed = dict.fromkeys(users, 0)
        for name in self.names():
            listed = self._look(name, ["sets", COUNTED])
            named = set() if listed is None else users_in(listed.arrays, removed)
            is_damaged = listed is None and self.read(name) is None
            if name == but or not (named or is_damaged):
                continue
            # One that is gone by now looks damaged, too.
            if listed is not None or name in self.names():
                self.remove(name)
            for user_id in named:
                removed[user_id] += 1
        return removed

    def _place(self, name: str) -> str:
        """What an encrypted snapshot is bound to: its tenant and number, wherever the store lies."""
        return f"{self._folder}/{name[:21]}"

    def _outdated(self) -> list[str]:
        days: set[date] = set()
        outdated = []
        for number, name in enumerate(reversed(self.names())):
            day = self._fs.modified(f"{self._root}/{name}").astimezone(UTC).date()
            if number >= KEPT and (day in days or len(days) >= KEPT_DAYS):
                outdated.append(name)
            days.add(day)
        return outdated

    def _unfinished(self) -> list[str]:
        """What processes were writing when they were killed; who writes at this moment would have to again."""
        paths = self._fs.ls(self._root, detail=False, refresh=True)
        return [path.rsplit("/", 1)[-1] for path in paths if path.endswith(".npz.part")]

    def _write(self, name: str, data: bytes) -> None:
        part = f"{self._root}/{name}.part"
        try:
            self._fs.makedirs(self._root, exist_ok=True)
            with self._fs.open(part, "wb") as file:
                file.write(data)
            self._fs.mv(part, f"{self._root}/{name}")
        except Exception:
            with suppress(Exception):
                self._fs.rm(part)
            raise

    @contextmanager
    def _in_use(self, how: str) -> Iterator[None]:
        """Says of what goes wrong where it was, and whether it may pass."""
        try:
            yield
        except StoreError:
            raise
        except Exception as exc:  # of a store elsewhere its library may raise anything
            stays = isinstance(exc, _STAY) or getattr(exc, "errno", None) == errno.EROFS
            why = getattr(exc, "strerror", None) or str(exc) or repr(exc)
            msg = f"the store {self._url} cannot be {how}: {why}"
            raise (StoreError if stays else StoreUnavailableError)(msg) from exc

    def newest(self, examples_topic_id: str) -> tuple[Manifest, Saved] | None:
        """The newest whole snapshot of this log of examples, or None.

        Raises:
            StoreError: One cannot be decrypted; an older one in its place would hide that.
        """
        for name in reversed(self.names()):
            found = self.read(name)
            if found is not None and found[0].examples_topic_id == examples_topic_id:
                return found
        return None

    def last_epoch(self) -> int:
        """The highest epoch of all snapshots, of whatever log; 0 without any.

        Raises:
            StoreError: The store cannot be read.
        """
        return max((int(name.split("-")[0]) for name in self.names()), default=0)

    def remove(self, name: str) -> None:
        """Removes a snapshot.

        Raises:
            StoreError: It cannot be removed.
        """
        with self._in_use("written"):
            self._fs.rm(f"{self._root}/{name}")

    def names(self) -> list[str]:
        """Of all snapshots, the oldest first.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._in_use("read"):
            if not self._fs.exists(self._root):
                return []
            paths = self._fs.ls(self._root, detail=False, refresh=True)
        return sorted(path.rsplit("/", 1)[-1] for path in paths if path.endswith(".npz"))

    def listed(self, keys: Collection[str] = ()) -> list[Listed]:
        """All that can be read, the oldest first, with some of their arrays; whether each is whole is not checked."""
        return [found for name in self.names() if (found := self._look(name, keys)) is not None]

    def _plain(self, name: str, file: IO[bytes]) -> IO[bytes]:
        """What a snapshot says; one that is encrypted is decrypted as a whole.

        Raises:
            ValueError: One that is encrypted is damaged.
        """
        is_sealed = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        if not (is_sealed or self._keys.required):
            return file
        data = file.read()
        if not _is_whole(name, data):
            msg = f"{name} is damaged"
            raise ValueError(msg)
        return io.BytesIO(self._keys.open(data, self._place(name)))

    def _look(self, name: str, keys: Collection[str]) -> Listed | None:
        path = f"{self._root}/{name}"
        with self._in_use("read"):
            try:
                with (
                    self._fs.open(path, "rb") as file,
                    np.load(self._plain(name, file), allow_pickle=False) as arrays,
                ):
                    meta = msgspec.json.decode(arrays["__meta__"].tobytes())
                    found = {key: arrays[key] for key in keys if key in arrays}
                saved_ms = int(self._fs.modified(path).timestamp() * 1000)
                size_bytes = int(self._fs.size(path))
            except (FileNotFoundError, ValueError, KeyError, EOFError, BadZipFile):
                return None
        manifest = msgspec.convert(meta["manifest"], Manifest)
        return Listed(name, manifest, size_bytes, saved_ms, found)

    def read(self, name: str) -> tuple[Manifest, Saved] | None:
        """A snapshot; None if it is not there or damaged.

        Raises:
            StoreError: It cannot be read, is encrypted with a key that is not here, or was tampered with.
        """
        with self._in_use("read"):
            try:
                with self._fs.open(f"{self._root}/{name}", "rb") as file:
                    data = file.read()
            except FileNotFoundError:
                return None
        if not _is_whole(name, data):
            return None
        plain = self._keys.open(data, self._place(name))
        with np.load(io.BytesIO(plain), allow_pickle=False) as arrays:
            meta = msgspec.json.decode(arrays["__meta__"].tobytes())
            saved: Saved = {
                key: arrays[key].tobytes() if is_bytes else arrays[key]
                for key, is_bytes in meta["bytes"].items()
            }
        return msgspec.convert(meta["manifest"], Manifest), saved


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _is_whole(name: str, data: bytes) -> bool:
    """Whether these are the bytes that a snapshot was named after."""
    return name.removesuffix(".npz").rsplit("-", 1)[-1] == _digest(data)
