"""By what an event is known as one that was there before: its own id, or its place in that very log.

A topic that is deleted and created anew begins at the same places again, so a place says which event lies there only
together with the topic's id. What is restored lies at other places; its records say where they lay first.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from online.events import Event
from online.state import UserState
from streams.events import Interaction

ORIGIN_HEADER = "origin"
"""On a restored record: what the ids of its events without an id begin with, as `origin_of` makes it. Clients can write
headers too: what has another form says nothing."""
_ORIGIN = re.compile(rb"[\w+/=-]{1,64}:[\w.-]{1,249}-\d{1,10}-\d{1,19}", re.ASCII)


def event_hash(event_id: str) -> int:
    """64 bits of the event id's BLAKE2b."""
    return int.from_bytes(hashlib.blake2b(event_id.encode(), digest_size=8).digest(), "little")


def place_of(topic: str, partition: int, offset: int, index: int) -> str:
    """An event's place as one word."""
    return f"{topic}-{partition}-{offset}-{index}"


def log_key(topic_id: str, partition: int) -> bytes:
    """The key in `examples` of what comes of one partition of `interactions`."""
    return f"{topic_id}-{partition}".encode()


def origin_of(topic_id: str, topic: str, partition: int, offset: int) -> str:
    """A record's place among those of all topics that ever had the name: one created anew has another id."""
    return f"{topic_id}:{topic}-{partition}-{offset}"


def origin_in(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """What a restored record's headers say of where it lay first."""
    origin = dict(headers).get(ORIGIN_HEADER)
    return None if origin is None or not _ORIGIN.fullmatch(origin) else origin.decode()


def event_id_of(record: Any, index: int, interaction: Interaction, topic: str, topic_id: str) -> str:  # noqa: ANN401  # any record
    """The event's own id, or else its place, which stands in."""
    if interaction.event_id is not None:
        return interaction.event_id
    restored = origin_in(record.headers)
    if restored is not None:
        return f"{restored}-{index}"
    return f"{origin_of(topic_id, topic, record.partition, record.offset)}-{index}"


def as_known(event: Event, event_id: str, state: UserState) -> Event:
    """The event by the hash that the state knows it by.

    Versions before this one sent events without an id home under their place alone, without the topic's id. One that
    they had sent, and that was sent again, has to be the same event. Only in the log that the state's cursor lies in:
    in any other one the same place is another event's.
    """
    former = event_id.removeprefix(f"{event.cursor.topic_id}:")
    is_same_log = state.cursor is not None and state.cursor.topic_id == event.cursor.topic_id
    if former != event_id and is_same_log and (known := event_hash(former)) in state.recent:
        return msgspec.structs.replace(event, event_hash=known)
    return event
