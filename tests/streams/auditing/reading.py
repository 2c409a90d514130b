"""Topics of a few records, for searches that read them."""

import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from streams.follower import Handler, Record
from streams.settings import Settings


def sent(key: str, value: Any, offset: int = 0, timestamp_ms: int = 100, **headers: bytes) -> Record:  # noqa: ANN401  # any JSON
    """A record; a value that is neither bytes nor None is written as JSON."""
    data = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
    return Record(0, offset, key.encode(), data, timestamp_ms, headers)


def reading(records: Iterable[Record]) -> Callable[..., Coroutine[Any, Any, None]]:
    """What can be put in the place of `read_topic`."""

    async def read_topic(_settings: Settings, _base: str, _partitions: Iterable[int], take: Handler) -> None:
        for record in records:
            take(record)

    return read_topic
