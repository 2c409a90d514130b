"""Whether bytes of any kind name somebody."""

import base64
import binascii
import re
from typing import Any

import msgspec

SURE_BYTES = 5
"""Shorter ids turn up in binary data by chance, so they are looked for only in what can be decoded."""
_DEPTH = 32
_JSON = frozenset((b"{", b"[", b'"', b" ", b"\t", b"\r", b"\n"))
"""What JSON that names anybody begins with; what is packed otherwise has these pairs of bytes by chance."""


class Needle:
    """An id to be found as a whole: `u1` is in `seen:u1`, and not in `u10`."""

    def __init__(self, name: str) -> None:
        self.id = name
        # An id of digits alone would be found in `item-12`.
        beside = r"[\w-]" if name.isdigit() else r"[0-9A-Za-z]"
        whole = rf"(?<!{beside}){re.escape(name)}(?!{beside})"
        self._text = re.compile(whole)
        self._raw = re.compile(whole.encode())
        self._bytes = name.encode()
        self._is_plain = name.isascii() and name.isprintable() and not set(name) & set('"\\/')

    @property
    def is_sure(self) -> bool:
        """Whether it can be looked for in binary data."""
        return len(self._bytes) >= SURE_BYTES

    def may_be_in(self, data: bytes) -> bool:
        """False where it is plain that it is not: JSON may write any letter by its number, base64 all of them."""
        if not self._is_plain or self._bytes in data:
            return True
        is_json = data[:1] in _JSON
        return is_json and (b"\\u" in data or b'"value_b64"' in data)

    def in_text(self, text: str) -> bool:
        """Whether a text names it."""
        return self._text.search(text) is not None

    def in_raw(self, data: Any) -> bool:  # noqa: ANN401  # whatever has a buffer
        """Whether bytes name it, as they are."""
        return self._raw.search(data) is not None

    def in_value(self, data: bytes) -> bool:
        """Whether a record's value or key names it: JSON, msgpack, or else as it is."""
        if not self.may_be_in(data):
            return False
        for decode in (msgspec.json.decode, msgspec.msgpack.decode):
            try:
                return self.in_decoded(decode(data))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
                continue
        return self.in_raw(data)

    def in_decoded(self, value: Any) -> bool:  # noqa: ANN401  # whatever was decoded
        """Whether anything in what was decoded names it."""
        return self._in(value, _DEPTH)

    def _in(self, value: Any, depth: int) -> bool:  # noqa: ANN401  # whatever was decoded
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, bytes):
            return self._in_part(value, depth)
        if isinstance(value, dict):
            return any(self._in(k, depth) or self._in_field(k, v, depth) for k, v in value.items())
        if isinstance(value, list | tuple):
            return any(self._in(part, depth) for part in value)
        return False

    def _in_field(self, name: object, value: object, depth: int) -> bool:
        """A dead letter has the refused event as base64, cut anywhere."""
        if name == "value_b64" and isinstance(value, str):
            try:
                return self.in_value(base64.b64decode(value))
            except binascii.Error:
                return False
        return self._in(value, depth)

    def _in_part(self, data: bytes, depth: int) -> bool:
        """Bytes within a record: something packed again, or numbers."""
        if depth and self.may_be_in(data):
            try:
                return self._in(msgspec.msgpack.decode(data), depth - 1)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
                return self.is_sure and self.in_raw(data)
        return False
