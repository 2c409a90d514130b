"""Settings of a recommender."""

import math
from typing import Literal

import msgspec

DAY_S = 86_400.0


class RecommenderConfig(msgspec.Struct, frozen=True):
    """Settings of a Recommender. A snapshot fits the settings that it was made with.

    Half-lives go by `online.statistics.stream_clock`.
    """

    repeats: Literal["allow", "hide"] = "allow"
    """Whether a list may contain what the user had. Where it may, the stream decides how much it does."""
    again_after_days: float = math.inf
    """Where repeats are hidden: so long after an item was had last, by the user's newest event, it may be listed."""
    capacity: int = 262_144
    """Items known at once; beyond it those least recently used are forgotten."""
    dim: int = 64
    """Length of item vectors."""
    graph_half_life_days: float = 120.0
    """After this time an edge of the item graphs weighs half."""
    short_half_life_days: float = 10.0
    """The same for the graph with a short memory."""
    repeat_half_life_days: float = 120.0
    """The same for items' repeat shares."""
    popularity_half_life_days: float = 7.0
    """The same for popularity; a user without history gets what is popular by it."""
    first_time_half_life_days: float = 3.0
    """The same for first-time popularity, which counts an item once for each user."""
    muted: tuple[str, ...] = ()
    """Sources whose evidence counts for nothing, to see what they are worth: some of `online.ranking.blend.SOURCES`."""
    teach_again_after_days: float = 0.0
    """So long after a user had an item statistics hear of it again, see `online.statistics.teaching`."""
    hurried: bool = False
    """Whether every list is made in a hurry, to see what that costs."""
