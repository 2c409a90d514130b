"""JSON as nobody should write it: what Python's values cannot say is given as bytes, and written as they are."""

import json
from collections.abc import Iterable

import msgspec


class Raw(bytes):
    """Bytes that stand for a value, well formed or not."""

    __slots__ = ()


class Pairs(list[tuple[str, object]]):
    """An object by its members, of which two may have the same name."""


def write(value: object) -> bytes:
    """The value as JSON, with `Raw` and `Pairs` in it."""
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, Pairs):
        return _object(value)
    if isinstance(value, dict):
        return _object(value.items())
    if isinstance(value, list):
        return b"[" + b",".join(map(write, value)) + b"]"
    return msgspec.json.encode(value) if not isinstance(value, int) else json.dumps(value).encode()


def _object(members: Iterable[tuple[str, object]]) -> bytes:
    return (
        b"{"
        + b",".join(json.dumps(name, ensure_ascii=False).encode() + b":" + write(v) for name, v in members)
        + b"}"
    )
