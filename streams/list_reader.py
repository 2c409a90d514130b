"""Reading `recommendations` and `items` as any client can: without a group, from the beginning, to the end."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from contextlib import ExitStack, closing
from typing import Any

from confluent_kafka import OFFSET_BEGINNING
from msgspec import Struct

from streams.follower import Follower, Record
from streams.kafka import admin_client
from streams.newest import NewestLists, Titles
from streams.settings import Settings
from streams.topics import full_name, home_partition, partition_count

Show = Callable[[Record], None]
"""Is given a record of `recommendations`."""


class Query(Struct, frozen=True):
    """Which lists to read."""

    users: Collection[str] = ()
    """Whose; empty: everybody's. Only their home partitions are read."""
    limit: int | None = None
    """How many to show in all; None: every one."""
    follow: bool = False
    """Whether to go on after the end, until cancelled or at the limit."""


async def read_lists(
    settings: Settings, query: Query, titles: Titles | None, show: Show, missing: Callable[[list[str]], None]
) -> int:
    """Shows each user's newest list and, if asked to follow, those that come.

    Args:
        settings: Where the cluster is.
        query: Which lists.
        titles: Kept filled from `items`, and so before the first list; None: `items` is not read.
        show: Is given each list, the newest last.
        missing: Is told which of the users asked for have no list yet, if any.

    Returns:
        How many lists were shown.

    Raises:
        TopicsError: A topic is missing.
        KafkaUnavailableError: The cluster does not answer.
    """
    admin = admin_client(settings)
    p = partition_count(admin, settings, "recommendations")
    homes = {home_partition(user, p) for user in query.users} or set(range(p))
    known = NewestLists(query.users)
    limited = _Limited(show, query.limit)
    with ExitStack() as stack:
        items = None
        if titles is not None:
            item_partitions = range(partition_count(admin, settings, "items"))
            items = stack.enter_context(closing(await _opened(settings, "items", item_partitions)))
            await items.read_to_end(titles.take)
        lists = stack.enter_context(closing(await _opened(settings, "recommendations", homes)))
        await lists.read_to_end(known.take)
        for record in known.newest(query.limit):
            limited.show(record)
        if without := known.missing():
            missing(without)
        if query.follow:
            endless = [lists.follow(lambda record: limited.show(record) if known.wants(record) else None)]
            if items is not None and titles is not None:
                endless.append(items.follow(titles.take))
            await _until(limited.reached, endless)
    return limited.count


async def _opened(settings: Settings, base: str, partitions: Iterable[int]) -> Follower:
    follower = Follower(settings, full_name(settings, base))
    await follower.assign(dict.fromkeys(partitions, OFFSET_BEGINNING))
    return follower


async def _until(reached: asyncio.Event, endless: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Runs what never ends by itself until the event is set or one of them fails."""
    tasks = [asyncio.ensure_future(reached.wait()), *map(asyncio.ensure_future, endless)]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Limited:
    """Shows lists up to a number."""

    def __init__(self, show: Show, limit: int | None) -> None:
        self._show = show
        self._limit = limit
        self.count = 0
        self.reached = asyncio.Event()

    def show(self, record: Record) -> None:
        if record.value is not None and not self.reached.is_set():
            self._show(record)
            self.count += 1
            if self.count == self._limit:
                self.reached.set()
