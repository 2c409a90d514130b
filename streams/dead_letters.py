"""Events that cannot be used, kept in `dead-letters` with the reason and counted; nothing else is delayed."""

import base64
import hashlib
from typing import Any

import msgspec

from streams import metrics
from streams.decoding import Refusal
from streams.events import DeadLetter, RefusalError
from streams.producer import Outgoing
from streams.settings import Settings
from streams.topics import full_name

VALUE_LIMIT = 256 * 1024
TEXT_LIMIT = 1024
"""Bytes of a key, and characters of a path or message, that are kept: they may quote whatever was sent."""

_encode = msgspec.json.Encoder().encode


def letter(settings: Settings, base: str, record: Any, refusal: Refusal, now_ms: int) -> Outgoing:  # noqa: ANN401  # aiokafka's record
    """The dead letter of one refused event of a record of the topic `base`."""
    metrics.REFUSALS.labels(topic=base, code=refusal.error.code).inc()
    key = None if record.key is None else record.key[:TEXT_LIMIT]
    error = refusal.error
    dead = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        index=refusal.index,
        key=None if key is None else key.decode(errors="replace"),
        value_b64=base64.b64encode(refusal.value[:VALUE_LIMIT]).decode(),
        truncated=len(refusal.value) > VALUE_LIMIT,
        sha256=hashlib.sha256(refusal.value).hexdigest(),
        error=RefusalError(error.code, error.path[:TEXT_LIMIT], error.message[:TEXT_LIMIT]),
        timestamp_ms=now_ms,
    )
    return Outgoing(full_name(settings, "dead-letters"), key, _encode(dead))
