"""Bytes of a public topic to events, refused one by one with the field's path."""

import re
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from streams.choices import told
from streams.events import SCHEMA_VERSION, RefusalError
from streams.oversized import Oversized, OversizedError

T = TypeVar("T", bound=msgspec.Struct)

PACKED_LIMIT = 10_000
"""Events in one packed message; more are refused as a whole, so that one message cannot hold up others."""

_RAW_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_PATH = re.compile(r" - at `\$(.*)`$", re.DOTALL)
_UNKNOWN_FIELD = re.compile(r"unknown field `(.*)`", re.DOTALL)


class Refusal(msgspec.Struct, frozen=True):
    """One event that cannot be used."""

    index: int
    value: bytes
    error: RefusalError


class Decoded(NamedTuple, Generic[T]):
    """What one message holds, in order, with each event's index in the message."""

    events: list[tuple[int, T]]
    refusals: list[Refusal]
    newer_count: int
    """Events of a newer schema version whose unknown fields were ignored."""


class _Head(msgspec.Struct):
    schema_version: int = SCHEMA_VERSION


_HEAD = msgspec.json.Decoder(_Head)
_OBJECT = msgspec.json.Decoder(dict[str, Any])


class EventDecoder(Generic[T]):
    """Decodes messages that hold one JSON object or an array of them (a packed message)."""

    def __init__(self, event_type: type[T]) -> None:
        self._many: msgspec.json.Decoder[list[T] | T] = msgspec.json.Decoder(list[event_type] | event_type)  # type: ignore[valid-type]  # a type at run time
        self._one = msgspec.json.Decoder(event_type)
        self._known = frozenset(event_type.__struct_fields__)
        self._event_type = event_type

    def decode(self, value: bytes | None) -> Decoded[T]:
        """Decodes a message's value; never raises."""
        if isinstance(value, Oversized):
            error = RefusalError("too_large", "$", f"{OversizedError()}, and was not read: send less at once")
            return Decoded([], [Refusal(0, value, error)], 0)
        if not value:
            return Decoded([], [Refusal(0, b"", RefusalError("empty", "$", "the message has no value"))], 0)
        try:
            decoded = self._many.decode(value)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return self._decode_one_by_one(value)
        if not isinstance(decoded, list):
            return Decoded([(0, decoded)], [], 0)
        if not 0 < len(decoded) <= PACKED_LIMIT:
            return Decoded([], [_wrong_size(value, len(decoded))], 0)
        return Decoded(list(enumerate(decoded)), [], 0)

    def _decode_one_by_one(self, value: bytes) -> Decoded[T]:
        packed = is_packed(value)
        try:
            parts = _RAW_ARRAY.decode(value) if packed else [value]
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
            return Decoded(
                [], [Refusal(0, value, RefusalError("malformed", "$", _sentence(exc, self._event_type)))], 0
            )
        if not 0 < len(parts) <= PACKED_LIMIT:
            return Decoded([], [_wrong_size(value, len(parts))], 0)
        result: Decoded[T] = Decoded([], [], 0)
        newer_count = 0
        for index, part in enumerate(parts):
            outcome, newer = self._decode_part(bytes(part), index, root_of(value, index))
            newer_count += newer
            if isinstance(outcome, Refusal):
                result.refusals.append(outcome)
            else:
                result.events.append((index, outcome))
        return result._replace(newer_count=newer_count)

    def _decode_part(self, part: bytes, index: int, root: str) -> tuple[T | Refusal, int]:
        try:
            return self._one.decode(part), 0
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
            error = exc
        try:
            if _HEAD.decode(part).schema_version > SCHEMA_VERSION:
                fields: dict[str, Any] = _OBJECT.decode(part)
                known = {name: value for name, value in fields.items() if name in self._known}
                return msgspec.convert(known, self._event_type), 1
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
            error = exc
        return Refusal(index, part, _explain(error, root, self._event_type)), 0


def is_packed(value: bytes) -> bool:
    """Whether a message holds an array of events."""
    return value.lstrip()[:1] == b"["


def root_of(value: bytes | None, index: int) -> str:
    """The path of one event of a message."""
    # The second event tells; only for the first the message is looked at.
    return f"$[{index}]" if index or is_packed(value or b"") else "$"


def _wrong_size(value: bytes, count: int) -> Refusal:
    message = f"a packed message holds 1 to {PACKED_LIMIT} events, this one {count}: split it"
    return Refusal(0, value, RefusalError("packed_size", "$", message))


def _sentence(exc: Exception, event_type: type[msgspec.Struct]) -> str:
    return "nested too deeply" if isinstance(exc, RecursionError) else told(exc, event_type)


def _explain(exc: Exception, root: str, event_type: type[msgspec.Struct]) -> RefusalError:
    text = _sentence(exc, event_type)
    found = _PATH.search(text)
    path = root + (found.group(1) if found else "")
    message = text[: found.start()] if found else text
    unknown = _UNKNOWN_FIELD.search(message)
    if unknown:
        return RefusalError("unknown_field", f"{path}.{unknown.group(1)}", message + ": a typing error?")
    code = "invalid" if isinstance(exc, msgspec.ValidationError) else "malformed"
    return RefusalError(code, path, message)
