"""Media inside the event, in base64."""

import base64
import binascii
import re

from streams.fetching.errors import MediumError

_PREFIX = re.compile(r"data:[^,]{0,256},", re.IGNORECASE)
_SPACE = b" \t\r\n"


def decode_inline(data: str, limit_bytes: int) -> bytes:
    """The bytes of a base64 text: the standard alphabet, padded.

    Line breaks and blanks are skipped, as in MIME, and so is the prefix of a `data:` URI.

    Raises:
        MediumError: Not base64, empty, or above the limit; that is seen before anything is decoded.
    """
    text = _without_prefix(data)
    try:
        packed = text.encode("ascii").translate(None, _SPACE)
    except UnicodeEncodeError as error:
        msg = f"not base64: {text[error.start]!r} at character {error.start}"
        raise MediumError(msg, "inline") from None
    size = len(packed) // 4 * 3 - packed[-2:].count(b"=")
    if size > limit_bytes:
        msg = f"{size} bytes inline, more than the {limit_bytes} of FRESHET_FETCH_BYTES"
        raise MediumError(msg, "too_large")
    try:
        found = base64.b64decode(packed, validate=True)
    except binascii.Error as error:
        msg = f"not base64: {error}"
        raise MediumError(msg, "inline") from None
    if not found:
        msg = "empty inline data"
        raise MediumError(msg, "inline")
    return found


def _without_prefix(data: str) -> str:
    prefix = _PREFIX.match(data)
    if prefix is None:
        return data
    if not prefix[0][:-1].lower().rstrip().endswith(";base64"):
        msg = "a data: URI that is not in base64"
        raise MediumError(msg, "inline")
    return data[prefix.end() :]
