"""What a demo plays: who did what, in the order of time, and what is known of each item."""

from typing import NamedTuple

from streams.events import Interaction, Media


class Story(NamedTuple):
    """A stream that can be replayed."""

    notice: str
    """Where it comes from."""
    interactions: list[Interaction]
    media: dict[str, Media]
