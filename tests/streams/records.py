"""Records as aiokafka hands them over, for tests without Kafka."""

import json
from typing import Any

from aiokafka import ConsumerRecord

TIMESTAMP_MS = 1_700_000_000_000


def record(
    topic: str,
    value: Any,  # noqa: ANN401  # any JSON
    *,
    partition: int = 0,
    offset: int = 0,
    key: str | None = "k",
    timestamp_ms: int = TIMESTAMP_MS,
    headers: tuple[tuple[str, bytes], ...] = (),
) -> ConsumerRecord[bytes, bytes]:
    """A record; a value that is neither bytes nor None is written as JSON."""
    data = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
    return ConsumerRecord(
        topic, partition, offset, timestamp_ms, 0, None if key is None else key.encode(), data, None,
        0, 0 if data is None else len(data), headers,
    )  # fmt: skip
