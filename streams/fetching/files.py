"""Files below the one folder that the settings name."""

import errno
import os
import stat
from pathlib import Path
from urllib.parse import unquote_to_bytes

import httpx

from streams.fetching.errors import MediumError
from streams.settings import SettingsError

_PASSING = {errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.ETIMEDOUT}
"""What a disk or a share that is away says, or a process with too many files open."""


def check_folder(folder: Path | None) -> None:
    """Has a slip of the pen found at a worker's start, and not as an error of every item with a file.

    Raises:
        SettingsError: A folder is set that is not there.
    """
    if folder is not None and not folder.is_dir():
        msg = f"FRESHET_MEDIA_FOLDER, {folder}: there is no such folder"
        raise SettingsError(msg)


def read_file(url: httpx.URL, folder: Path | None, limit_bytes: int) -> bytes:
    """The bytes of a `file:` URL, an absolute path below the folder. Blocks.

    Symbolic links are followed as long as they stay below the folder.

    Raises:
        MediumError: No folder is set, the path leads out of it, or there is no regular file, none that can be
            read, an empty one, or one above the limit.
    """
    if folder is None:
        msg = "file: is not read: FRESHET_MEDIA_FOLDER names no folder"
        raise MediumError(msg, "file")
    path = path_of(url)
    try:
        root = folder.resolve(strict=True)
        inside = (root / _below(path, folder, root)).resolve(strict=True)
        if not inside.is_relative_to(root):
            msg = f"{path} is a link that leads out of FRESHET_MEDIA_FOLDER"
            raise MediumError(msg, "file")
        handle = _open(root, inside.relative_to(root))
        try:
            return _read(handle, path, limit_bytes)
        finally:
            os.close(handle)
    except (OSError, RuntimeError) as error:
        # RuntimeError: links in a circle, before Python 3.13.
        why = error.strerror if isinstance(error, OSError) else "links in a circle"
        msg = f"{path}: {why}"
        raise MediumError(msg, "file", transient=getattr(error, "errno", None) in _PASSING) from None


def path_of(url: httpx.URL) -> Path:
    """The path that a `file:` URL names.

    Raises:
        MediumError: It is none of this machine, or not absolute.
    """
    if url.host not in ("", "localhost"):
        msg = f"file: on another host ({url.host}) is not read"
        raise MediumError(msg, "file")
    raw = unquote_to_bytes(url.raw_path.partition(b"?")[0])
    path = Path(os.fsdecode(raw))
    if b"\0" in raw or ".." in path.parts or not path.is_absolute():
        msg = f"file: needs an absolute path without '..', got {os.fsdecode(raw)!r}"
        raise MediumError(msg, "file")
    return path


def _below(path: Path, folder: Path, root: Path) -> Path:
    """The path from the folder on. What lies outside is never looked at: the reason must not tell of it."""
    for base in (folder.absolute(), root):
        if path.is_relative_to(base):
            return path.relative_to(base)
    msg = f"{path} is not below FRESHET_MEDIA_FOLDER"
    raise MediumError(msg, "file")


def _open(root: Path, inside: Path) -> int:
    """Opens part by part without following links, so that none can be put in the way after the check."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for place, part in enumerate(inside.parts, start=1):
        # Not blocking: opening a pipe would wait for its writer.
        kind = os.O_NONBLOCK if place == len(inside.parts) else os.O_DIRECTORY
        try:
            deeper = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=handle)
        finally:
            os.close(handle)
        handle = deeper
    return handle


def _read(handle: int, path: Path, limit_bytes: int) -> bytes:
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        msg = f"{path} is not a regular file"
        raise MediumError(msg, "file")
    with open(handle, "rb", closefd=False) as file:
        # One more than allowed: the file may have grown since.
        data = file.read(min(found.st_size, limit_bytes) + 1)
    if len(data) > limit_bytes:
        msg = f"{path} has more than the {limit_bytes} bytes of FRESHET_FETCH_BYTES"
        raise MediumError(msg, "too_large")
    if not data:
        msg = f"{path} is empty"
        raise MediumError(msg, "file")
    return data
