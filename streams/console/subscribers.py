"""Who waits for whose lists: records as they come, handed to every open page of that user."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from streams.follower import Record

WAITING = 64
"""Lists that may wait for a slow reader; then the oldest goes, since the newest *is* the list."""


class Subscribers:
    """Queues by user id. Used within one event loop."""

    def __init__(self) -> None:
        self._queues: dict[bytes, set[asyncio.Queue[Record]]] = {}

    @contextmanager
    def of(self, user_ids: Collection[str]) -> Iterator[asyncio.Queue[Record]]:
        """A queue that gets the lists of all these as long as it is open."""
        keys, queue = {user_id.encode() for user_id in user_ids}, asyncio.Queue[Record](WAITING)
        for key in keys:
            self._queues.setdefault(key, set()).add(queue)
        try:
            yield queue
        finally:
            for key in keys:
                self._queues[key].discard(queue)
                if not self._queues[key]:
                    del self._queues[key]

    def publish(self, record: Record) -> None:
        """Hands a record of `recommendations` to those who wait for it."""
        for queue in self._queues.get(record.key, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(record)
