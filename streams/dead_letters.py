"""Events that cannot be used, kept in `dead-letters` with the reason and counted; nothing else is delayed."""

import base64
import hashlib
from typing import Any

import msgspec

from streams import metrics
from streams.decoding import Refusal
from streams.events import DeadLetter
from streams.producer import Outgoing
from streams.settings import Settings
from streams.topics import full_name

VALUE_LIMIT = 256 * 1024

_encode = msgspec.json.Encoder().encode


def letter(settings: Settings, base: str, record: Any, refusal: Refusal, now_ms: int) -> Outgoing:  # noqa: ANN401  # aiokafka's record
    """The dead letter of one refused event of a record of the topic `base`."""
    metrics.REFUSALS.labels(topic=base, code=refusal.error.code).inc()
    key = record.key
    dead = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        index=refusal.index,
        key=None if key is None else key.decode(errors="replace"),
        value_b64=base64.b64encode(refusal.value[:VALUE_LIMIT]).decode(),
        truncated=len(refusal.value) > VALUE_LIMIT,
        sha256=hashlib.sha256(refusal.value).hexdigest(),
        error=refusal.error,
        timestamp_ms=now_ms,
    )
    return Outgoing(full_name(settings, "dead-letters"), key, _encode(dead))
