"""A user store on Kafka in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from online.events import Cursor, Event
from online.state import UserState
from streams.settings import Settings
from streams.stores.users import UserStore
from tests.flow.memory import MemoryKafka

SETTINGS = Settings(partitions=2, live_users=2)


@contextmanager
def user_store(kafka: MemoryKafka, settings: Settings = SETTINGS) -> Iterator[UserStore]:
    """A store that reads `kafka`, as long as the block runs."""
    with kafka.instead():
        yield UserStore(settings)


def state(user_id: str, *offsets: int, topic_id: str = "t", partition: int = 0) -> UserState:
    """A state with one event at each of these offsets."""
    made = UserState(user_id)
    for offset in offsets:
        place = Cursor(topic_id, partition, offset, 0)
        made.apply(Event(user_id, f"i{offset}", "click", 1.0, offset * 1_000, offset + 1, place))
    return made
