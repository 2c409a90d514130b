"""How large an event may be that lies on a partition which is not its id's: it has to go home as a record of its own.

Kafka bounds what clients send after compression, and an event that is sent home has an id and a header more. What would
not fit is refused rather than given up by the producer.
"""

from streams.events import RefusalError
from streams.settings import Settings
from streams.topics import table

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
