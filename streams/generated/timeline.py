"""A world as a stream: media and interactions together, in the order of time."""

from collections.abc import Iterator
from heapq import merge

from streams.events import Interaction, Media
from streams.generated.behaviour import interactions
from streams.generated.media import Place, inline, media_events
from streams.generated.world import World


def events_in_time(world: World, place: Place = inline) -> Iterator[Media | Interaction]:
    """Every event of the world, each made when it is asked for; an item's media come before its interactions.

    Args:
        world: What happens.
        place: Where the files of media go; by default into the events.
    """
    streams: tuple[Iterator[Media | Interaction], ...] = (media_events(world, place), interactions(world))
    return merge(*streams, key=_timestamp_ms)


def _timestamp_ms(event: Media | Interaction) -> int:
    timestamp_ms = event.timestamp_ms
    assert isinstance(timestamp_ms, int)  # a world's events have one, though the contract does not ask for it
    return timestamp_ms
