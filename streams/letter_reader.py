"""Reading `dead-letters` as any client can: without a group, from a time on; the last letters, and those that come."""

from collections import deque
from collections.abc import Callable
from contextlib import closing

from confluent_kafka import OFFSET_BEGINNING
from msgspec import Struct

from streams.dead_letters import read_letter
from streams.events import DeadLetter
from streams.follower import Follower, Record
from streams.kafka import admin_client
from streams.settings import Settings
from streams.topics import full_name, partition_count

Show = Callable[[DeadLetter], None]


class Query(Struct, frozen=True):
    """Which letters to read."""

    last: int
    """How many of those that are there, the newest."""
    since_ms: int | None = None
    """None: as far back as they are kept."""
    topic: str | None = None
    """Base name of the topic that the refused events lie in; None: of any."""
    follow: bool = False
    """Whether to go on after the end, until cancelled."""


async def read_letters(settings: Settings, query: Query, show: Show) -> int:
    """Shows the last letters and, if asked to follow, those that come; what is no letter is passed over.

    Returns:
        How many letters were shown.

    Raises:
        TopicsError: The topic is missing.
        KafkaUnavailableError: The cluster does not answer.
    """
    partitions = range(partition_count(admin_client(settings), settings, "dead-letters"))
    topic = None if query.topic is None else full_name(settings, query.topic)
    last: deque[DeadLetter] = deque(maxlen=query.last)

    def to(take: Show) -> Callable[[Record], None]:
        def handle(record: Record) -> None:
            letter = read_letter(record.value)
            if letter is not None and topic in (None, letter.topic):
                take(letter)

        return handle

    with closing(Follower(settings, full_name(settings, "dead-letters"))) as follower:
        if query.since_ms is None:
            await follower.assign(dict.fromkeys(partitions, OFFSET_BEGINNING))
        else:
            await follower.assign_since(partitions, query.since_ms)
        await follower.read_to_end(to(last.append))
        for letter in last:
            show(letter)
        if query.follow:
            await follower.follow(to(show))
    return len(last)
