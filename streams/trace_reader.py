"""Reading what became of an event or an item, as any client can: without a group, from a time on, to the end."""

from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from functools import partial

from confluent_kafka.admin import AdminClient

from streams.event_trace import EventTrace
from streams.follower import Follower, Handler
from streams.item_trace import ItemTrace
from streams.settings import Settings
from streams.topics import full_name, home_partition, partition_count, topic_ids
from streams.tracing import Trace

Reading = Callable[[str], None]
"""Is told each topic that is read."""


async def trace_event(
    settings: Settings,
    admin: AdminClient,
    event_id: str,
    users: Collection[str],
    since_ms: int,
    reading: Reading,
) -> Trace:
    """Follows an interaction.

    Args:
        settings: Where the cluster is.
        admin: A client of it.
        event_id: The event's id, or its place if it has none.
        users: What its user may be called, if that is known: then only their partitions are searched for it.
        since_ms: Records that are older are not read.
        reading: Is told each topic that is read.

    Raises:
        TopicsError: A topic is missing.
    """
    name = partial(full_name, settings)
    count = partition_count(admin, settings, "interactions")
    topic_id = topic_ids(admin, [name("interactions")])[name("interactions")]
    found = EventTrace(event_id, count, topic_id, name)
    read = _Reader(settings, since_ms, reading)
    homes = {home_partition(user, count) for user in users} or range(count)
    await read("interactions", homes, found.take_interaction)
    await read("dead-letters", [0], found.take_dead_letter)
    if found.home is not None:
        home = [found.home.partition]
        await read("examples", [0], found.take_example)
        await read("users", home, found.take_state)
        await read("recommendations", home, found.take_list)
        await read("model", [0], found.take_progress)
    return found.trace()


async def trace_item(
    settings: Settings, admin: AdminClient, item_id: str, since_ms: int, reading: Reading
) -> Trace:
    """Follows an item's newest media event; arguments and errors as for `trace_event`."""
    found = ItemTrace(item_id, partial(full_name, settings))
    read = _Reader(settings, since_ms, reading)
    await read("media", range(partition_count(admin, settings, "media")), found.take_media)
    if found.found:
        await read("dead-letters", [0], found.take_dead_letter)
        for base, take in (("items", found.take_document), ("embeddings", found.take_embedding)):
            await read(base, [home_partition(item_id, partition_count(admin, settings, base))], take)
        lists = partition_count(admin, settings, "recommendations")
        await read("recommendations", range(lists), found.take_list)
    return found.trace()


class _Reader:
    """Reads partitions of topics from a time on."""

    def __init__(self, settings: Settings, since_ms: int, reading: Reading) -> None:
        self._settings = settings
        self._since_ms = since_ms
        self._reading = reading

    async def __call__(self, base: str, partitions: Iterable[int], take: Handler) -> None:
        topic = full_name(self._settings, base)
        self._reading(topic)
        with closing(Follower(self._settings, topic)) as follower:
            await follower.assign_since(partitions, self._since_ms)
            await follower.read_to_end(take)
