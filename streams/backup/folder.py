"""The files of a backup: segments of records, compressed, and the manifest; in a folder or object store."""

import hashlib
from collections.abc import Iterable

import fsspec
import msgspec
from cramjam import zstd

from streams.backup import BackupError
from streams.backup.manifest import FORMAT, Manifest, Segment

MANIFEST = "manifest.json"


class CopiedRecord(msgspec.Struct, array_like=True):
    """A record as it was in its partition."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[CopiedRecord]).decode


class BackupFolder:
    """Writes and reads the files of one backup."""

    def __init__(self, url: str) -> None:
        """Finds the folder, which need not be there yet.

        Raises:
            BackupError: There is no such kind of store here.
        """
        self.url = url.rstrip("/")
        try:
            self._fs, self._root = fsspec.core.url_to_fs(self.url)
        except (ValueError, ImportError) as exc:
            msg = f"{self.url} cannot be used: {exc}"
            raise BackupError(msg) from None

    def check_empty(self) -> None:
        """Makes sure that nothing is written over.

        Raises:
            BackupError: There is something.
        """
        if self._fs.exists(self._root) and self._fs.ls(self._root, detail=False):
            msg = f"{self.url} is not empty; a backup is never written over, give another folder"
            raise BackupError(msg)

    def write_segment(self, name: str, records: Iterable[CopiedRecord]) -> Segment:
        """Writes records to a file of their own.

        Raises:
            BackupError: It cannot be written.
        """
        listed = list(records)
        data = bytes(zstd.compress(_encode(listed)))
        self._write(name, data)
        return Segment(name, len(listed), hashlib.sha256(data).hexdigest())

    def read_segment(self, segment: Segment) -> list[CopiedRecord]:
        """The records of a file.

        Raises:
            BackupError: It is not there, or not what was written.
        """
        data = self._read(segment.name)
        if hashlib.sha256(data).hexdigest() != segment.sha256:
            msg = f"{self.url}/{segment.name} is damaged: its checksum is not the manifest's"
            raise BackupError(msg)
        return _decode(bytes(zstd.decompress(data)))

    def write_manifest(self, manifest: Manifest) -> None:
        """Completes the backup.

        Raises:
            BackupError: It cannot be written.
        """
        self._write(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))

    def read_manifest(self) -> Manifest:
        """What the backup holds.

        Raises:
            BackupError: There is no whole backup, or one of a newer format.
        """
        data = self._read(MANIFEST)
        try:
            manifest = msgspec.json.decode(data, type=Manifest)
        except msgspec.DecodeError as exc:
            msg = f"{self.url}/{MANIFEST} is damaged: {exc}"
            raise BackupError(msg) from None
        if manifest.format != FORMAT:
            msg = f"{self.url} has format {manifest.format}, this version reads {FORMAT}"
            raise BackupError(msg)
        return manifest

    def _write(self, name: str, data: bytes) -> None:
        path = f"{self._root}/{name}"
        try:
            self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            with self._fs.open(path, "wb") as file:
                file.write(data)
        except OSError as exc:
            msg = f"{self.url}/{name} cannot be written: {exc.strerror or exc}"
            raise BackupError(msg) from exc

    def _read(self, name: str) -> bytes:
        try:
            with self._fs.open(f"{self._root}/{name}", "rb") as file:
                return bytes(file.read())
        except FileNotFoundError:
            msg = f"{self.url} has no {name}: it is no backup, or one that was not finished"
            raise BackupError(msg) from None
