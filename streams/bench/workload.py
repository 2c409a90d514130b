"""Made-up interactions of users with tastes over items of Zipf-like popularity; the seed decides everything."""

from collections.abc import Iterator

import msgspec
import numpy as np
import numpy.typing as npt

from streams.events import Action, Interaction
from streams.topics import home_partition

COMMUNITY_ITEMS = 100
"""Items of one taste; each user has one taste."""
TASTE_SHARE = 0.7
"""Share of a user's events that are about items of their taste; the others follow overall popularity."""
ACTIONS: tuple[Action, ...] = ("click", "view", "play", "purchase")

_encode = msgspec.json.Encoder().encode


class Message(msgspec.Struct):
    """One Kafka message, ready to be produced."""

    key: bytes
    value: bytes
    event_count: int


class Workload:
    """Draws interactions. Users are equally active, which is the hardest case: few events share a list.

    Args:
        users: Ids are `user-0` to `user-<users - 1>`.
        items: Ids are `item-0` to `item-<items - 1>`; low numbers are popular.
        seed: The same seed draws the same events.
        tag: Set before event ids, so that two stretches of one benchmark share none.
    """

    def __init__(self, users: int, items: int, seed: int, tag: str) -> None:
        self._rng = np.random.default_rng([seed, *tag.encode()])
        self._users = users
        self._items = items
        self._tag = tag
        self._taste = np.random.default_rng(seed).integers(0, max(1, items // COMMUNITY_ITEMS), users)
        self._popularity = _zipf(items)
        self._within = _zipf(min(items, COMMUNITY_ITEMS))

    def interactions(self, count: int, span_ms: tuple[int, int] | None = None) -> Iterator[Interaction]:
        """The next `count` events, spread evenly over the span; without one, Kafka's own timestamps are used."""
        rng = self._rng
        users = rng.integers(0, self._users, count)
        anything = np.searchsorted(self._popularity, rng.random(count))
        # A taste's items are spread over all popularities.
        communities = max(1, self._items // COMMUNITY_ITEMS)
        tasteful = self._taste[users] + communities * np.searchsorted(self._within, rng.random(count))
        items = np.where(rng.random(count) < TASTE_SHARE, tasteful % self._items, anything)
        actions = rng.integers(0, len(ACTIONS), count)
        stamps = [None] * count if span_ms is None else np.linspace(*span_ms, count).astype(int).tolist()
        columns = zip(users.tolist(), items.tolist(), actions.tolist(), stamps, strict=True)
        for number, (user, item, action, timestamp_ms) in enumerate(columns):
            yield Interaction(
                f"user-{user}",
                f"item-{item}",
                ACTIONS[action],
                event_id=f"{self._tag}-{number}",
                timestamp_ms=timestamp_ms,
            )

    def messages(
        self, count: int, packed: int, partitions: int, span_ms: tuple[int, int] | None = None
    ) -> list[Message]:
        """The next `count` events as messages: one each, or `packed` events of one home partition together."""
        events = self.interactions(count, span_ms)
        if packed == 1:
            return [Message(event.user_id.encode(), _encode(event), 1) for event in events]
        made: list[Message] = []
        open_packs: dict[int, list[Interaction]] = {}
        for event in events:
            home = home_partition(event.user_id, partitions)
            pack = open_packs.setdefault(home, [])
            pack.append(event)
            if len(pack) == packed:
                made.append(_pack(open_packs.pop(home)))
        return made + [_pack(pack) for pack in open_packs.values()]


def _zipf(count: int) -> npt.NDArray[np.float64]:
    """Cumulative probabilities of ranks 1 to `count`, each proportional to 1 / rank."""
    weights = 1.0 / np.arange(1, count + 1)
    cumulated: npt.NDArray[np.float64] = np.cumsum(weights) / weights.sum()
    return cumulated


def _pack(events: list[Interaction]) -> Message:
    return Message(events[0].user_id.encode(), _encode(events), len(events))
