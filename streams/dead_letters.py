"""Events that cannot be used, kept in `dead-letters` with the reason and counted; nothing else is delayed.

Where they are not to be kept (`FRESHET_DEAD_LETTERS`), a letter says where the event lies, its size and the reason, and
has nothing that the event said: no key, no hash to try guesses on, no value or name that the reason quotes.
"""

import base64
import hashlib
import re
from typing import Any

import msgspec

from streams import metrics
from streams.decoding import Refusal
from streams.event_ids import place_of
from streams.events import DeadLetter, RefusalError
from streams.oversized import Oversized
from streams.producer import Outgoing
from streams.pseudonyms import NO_PSEUDONYM
from streams.settings import Settings
from streams.topics import full_name

VALUE_LIMIT = 256 * 1024
TEXT_LIMIT = 1024
"""Bytes of a key, and characters of a path or message, that are kept: they may quote whatever was sent."""

_OURS = re.compile(r"\$(\[(\d+|\.\.\.)\]|\.[a-z_]+)*")
"""Paths whose names are those of fields that are known; in objects of any names there are dots."""
_HEAD = re.compile(r"\$(\[\d+\])?")
_QUOTE = re.compile("['\"]")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(DeadLetter).decode


def letter(settings: Settings, base: str, record: Any, refusal: Refusal, now_ms: int) -> Outgoing:  # noqa: ANN401  # aiokafka's record
    """The dead letter of one refused event of a record of the topic `base`."""
    metrics.REFUSALS.labels(topic=base, code=refusal.error.code).inc()
    was_read = not isinstance(refusal.value, Oversized)
    keeps = settings.keeps_refused and refusal.error.code != NO_PSEUDONYM
    key = record.key[:TEXT_LIMIT] if keeps and record.key is not None else None
    value = refusal.value if keeps else b""
    error = refusal.error if keeps else quoting_nothing(refusal.error)
    dead = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        index=refusal.index,
        key=None if key is None else key.decode(errors="replace"),
        value_b64=base64.b64encode(value[:VALUE_LIMIT]).decode(),
        truncated=len(refusal.value) > min(len(value), VALUE_LIMIT) or not was_read,
        sha256=hashlib.sha256(value).hexdigest() if keeps and was_read else "",
        error=RefusalError(error.code, error.path[:TEXT_LIMIT], error.message[:TEXT_LIMIT]),
        timestamp_ms=now_ms,
        size_bytes=len(refusal.value) if was_read else None,
    )
    return Outgoing(full_name(settings, "dead-letters"), key, _encode(dead))


def read_letter(value: bytes | None) -> DeadLetter | None:
    """The letter that a record of `dead-letters` holds; None where it holds something else, from another hand."""
    try:
        found = _decode(value or b"")
        base64.b64decode(found.value_b64)
    except (msgspec.DecodeError, ValueError):
        return None
    return found


def place(letter: DeadLetter) -> str:
    """Where the refused event lies, as one word."""
    return place_of(letter.topic, letter.partition, letter.offset, letter.index)


def quoting_nothing(error: RefusalError) -> RefusalError:
    """The reason without what the event said: values, names of fields that are not known, an exception's words."""
    path, message = error.path, error.message
    if error.code == "unknown_field":
        found = _HEAD.match(path)
        path, message = found[0] if found else "$", "Object contains a field that is unknown: a typing error?"
    elif error.code == "internal":
        message = message.partition(":")[0]
    elif error.code == "invalid" and (quote := _QUOTE.search(message)):
        message = f"{message[: quote.start()]}…"
    return RefusalError(error.code, path if _OURS.fullmatch(path) else "$", message)
