"""What users do: interactions in the order of time, chosen as the truth says."""

from collections import defaultdict, deque
from collections.abc import Iterator

import numpy as np

from streams.events import Interaction
from streams.generated.world import SPAN_MS, START_MS, World, chances, generator

REST_SHARE = 0.5
"""A user takes nothing again before having had this share of what is there."""


def interactions(world: World) -> Iterator[Interaction]:
    """Clicks, each a millisecond or more after the one before."""
    recipe = world.recipe
    rng = generator(recipe.seed, "behaviour")
    times_ms = START_MS + 1 + np.arange(recipe.events)
    times_ms += np.sort(rng.integers(0, SPAN_MS - recipe.events, recipe.events))
    users = rng.choice(recipe.users, recipe.events, p=world.activity)
    draws = rng.random(recipe.events)
    resting: dict[int, deque[int]] = defaultdict(deque)
    for number, (timestamp_ms, user, draw) in enumerate(
        zip(times_ms.tolist(), users.tolist(), draws.tolist(), strict=True)
    ):
        item = _choose(world, user, timestamp_ms, resting[user], draw)
        yield Interaction(
            user_id=world.user_id(user),
            item_id=world.item_id(item),
            action="click",
            event_id=f"click-{number}",
            timestamp_ms=timestamp_ms,
        )


def _choose(world: World, user: int, timestamp_ms: int, resting: deque[int], draw: float) -> int:
    """The item chosen, which then rests."""
    scores = world.oracle_scores(user, timestamp_ms)
    while len(resting) > REST_SHARE * np.isfinite(scores).sum():
        resting.popleft()
    scores[list(resting)] = -np.inf
    cumulated = np.cumsum(chances(scores, world.recipe.noise))
    item = int(np.searchsorted(cumulated, draw * cumulated[-1], side="right"))
    resting.append(item)
    return item
