"""A file of sound or video, opened such that it can neither reach out nor pass for another kind."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import av
from av.container import InputContainer

from encoders.base import BadEntryError

UNREADABLE = (av.FFmpegError, ArithmeticError, LookupError, MemoryError, OSError, ValueError)
"""What PyAV and its libraries raise over damaged bytes."""


def unreadable(data: bytes, kind: str, error: Exception) -> BadEntryError:
    """What to raise of a file over which one of UNREADABLE was raised."""
    reason = getattr(error, "strerror", None) or error
    return BadEntryError(f"{len(data)} bytes that cannot be read as {kind}: {reason}")


def file_bytes(entry: object, kind: str) -> bytes:
    """The entry, which has to be the bytes of a file of that kind.

    Raises:
        BadEntryError: It is something else, or empty.
    """
    if not isinstance(entry, bytes):
        message = f"expected the bytes of {kind}, got {type(entry).__name__}"
        raise BadEntryError(message)
    if not entry:
        message = "the file is empty"
        raise BadEntryError(message)
    return entry


@contextmanager
def opened(data: bytes, formats: str, pixel_limit: int | None = None) -> Iterator[InputContainer]:
    """The file as a container. PyAV keeps its libraries silent unless somebody sets a level.

    Args:
        data: The file.
        formats: Those of FFmpeg that it may be in, with spaces between; all others are refused, for some open
            files and addresses that the entry names (hls, concat).
        pixel_limit: Pixels of the largest frame that is decoded, where frames are.

    Raises:
        av.FFmpegError: It is in none of the formats.
    """
    options = {"format_whitelist": formats.replace(" ", ","), "protocol_whitelist": "none"}
    if pixel_limit is not None:
        options["max_pixels"] = str(pixel_limit)
    with av.open(io.BytesIO(data), "r", options=options, metadata_errors="ignore") as container:
        yield container
