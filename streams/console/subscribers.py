"""Who waits for whose lists: records as they come, handed to every open page of that user."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from streams.follower import Record

WAITING = 64
"""Lists that may wait for a slow reader; then the oldest goes, since the newest *is* the list."""


class Subscribers:
    """Queues by user id. Used within one event loop."""

    def __init__(self) -> None:
        self._queues: dict[bytes, set[asyncio.Queue[Record]]] = {}

    @contextmanager
    def of(self, user_id: str) -> Iterator[asyncio.Queue[Record]]:
        """A queue that gets the user's lists as long as it is open."""
        key, queue = user_id.encode(), asyncio.Queue[Record](WAITING)
        self._queues.setdefault(key, set()).add(queue)
        try:
            yield queue
        finally:
            self._queues[key].discard(queue)
            if not self._queues[key]:
                del self._queues[key]

    def publish(self, record: Record) -> None:
        """Hands a record of `recommendations` to those who wait for it."""
        for queue in self._queues.get(record.key, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(record)
