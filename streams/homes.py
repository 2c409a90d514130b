"""How an event goes home that lies on a partition which is not its id's: as a record of its own.

Kafka bounds what clients send after compression, and an event that is sent home has an id and a header more. What would
not fit is refused rather than given up by the producer.
"""

from typing import Any

from streams import metrics
from streams.event_ids import place_of
from streams.events import RefusalError
from streams.producer import Outgoing
from streams.settings import Settings
from streams.topics import table

FORWARDED_HEADER = "forwarded-from"
"""On a record that was sent home: where its event lay, as `place_of` says it."""
HEAD_BYTES = 8 * 1024
"""Room for the key, headers of ours and what Kafka has around a record."""


def too_large_for_home(settings: Settings, base: str, size_bytes: int) -> RefusalError | None:
    """Why an event of so many bytes, echoed headers included, cannot be sent home; None if it can."""
    limit_bytes = table(settings)[base].max_message_bytes - HEAD_BYTES
    if size_bytes <= limit_bytes:
        return None
    message = (
        f"the event lies on a foreign partition and has {size_bytes} bytes, at most {limit_bytes} can be sent home:"
        " set partitioner=murmur2_random and key by the id"
    )
    return RefusalError("too_large", "$", message)


def sent_home(base: str, record: Any, index: int, key: str, value: bytes, home: int) -> Outgoing:  # noqa: ANN401  # aiokafka's record
    """The record that takes an event, which lies at `index` of another one, to its home partition; counts it."""
    metrics.FORWARDED.labels(topic=base).inc()
    place = place_of(record.topic, record.partition, record.offset, index).encode()
    headers = [(FORWARDED_HEADER, place)]
    return Outgoing(record.topic, key.encode(), value, home, record.timestamp, headers)
