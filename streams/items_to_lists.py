"""items → recommendations: what is deleted, expires or becomes unavailable leaves every published list at once.

Each is published again without the item, the next of its reserve in the last place; it is made anew only where the
reserve is used up, or rules give places. Users' states stay as they are; what a list became is read from the list
itself (`PublishedLists.stood`). After a start or a rebalance the lists of all users owned are looked through once,
since items may have gone while nobody did.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from online.catalogue import item_hash
from streams.clock import now_ms
from streams.events import Cause
from streams.item_changes import ItemChanges, measure_changed
from streams.lists import LISTS_AT_ONCE, ListMaker
from streams.liveness import Liveness
from streams.ownership import keep_up
from streams.producer import BatchProducer, Outgoing
from streams.settings import Settings
from streams.stores.lists import Published, PublishedLists
from streams.stores.users import UserStore
from streams.topics import full_name

TICK_S = 0.02
"""How often changes are looked for."""
CHANGED_AT_ONCE = 512
"""Lists changed before events have their turn."""


class ItemsToLists:
    """Changes published lists for items, in turns with the events of their users."""

    def __init__(
        self,
        settings: Settings,
        users: UserStore,
        lists: ListMaker,
        published: PublishedLists,
        changes: ItemChanges,
        producer: BatchProducer,
        liveness: Liveness,
    ) -> None:
        self._users = users
        self._lists = lists
        self._published = published
        self._changes = changes
        self._producer = producer
        self._check = liveness.check
        self._items = full_name(settings, "items")

    async def run(self) -> None:
        """Keeps lists free of what is gone, for ever; ends with the first error."""
        await keep_up(self._users.ready, self.turn, TICK_S)

    async def turn(self) -> None:
        """Takes in what has changed, if anything has."""
        wall_ms = now_ms()
        catalogue = self._lists.recommender.catalogue
        gone = self._changes.take_gone()
        for item_id in catalogue.take_turned(wall_ms):
            cause = self._by_time(item_id, wall_ms)
            if catalogue.may_list(item_id, wall_ms):
                self._changes.come(cause)
            else:
                gone.setdefault(item_id, cause)
        if self._published.loads != self._users.loads:
            async with self._users.working:
                # Nothing is on its way that would be read over by what it replaces.
                loads = self._users.loads
                self._published.begin(self._users.partitions)
            await self._published.read(loads)
            await self._remove(catalogue.barred(now_ms()), gone)
        elif gone:
            await self._remove(np.array([item_hash(item_id) for item_id in gone], np.uint32), gone)

    def _by_time(self, item_id: str, at_ms: int) -> Cause:
        return Cause("item", item_id, self._items, -1, -1, at_ms)

    async def _remove(self, hashes: NDArray[np.uint32], causes: Mapping[str, Cause]) -> None:
        """Publishes the lists that hold an item that may not be listed, without it."""
        for block in self._published.holding(hashes):
            for start in range(0, len(block), CHANGED_AT_ONCE):
                async with self._users.working:
                    # Lists of partitions that were let go of meanwhile are looked through by their new owner.
                    if not self._users.ready.is_set():
                        return
                    changed: list[Cause] = []
                    outgoing = self._without(block[start : start + CHANGED_AT_ONCE], causes, changed)
                    await self._producer.deliver(outgoing, self._check)
                    measure_changed("gone", changed)
                await asyncio.sleep(0)

    def _without(
        self, user_ids: Sequence[str], causes: Mapping[str, Cause], changed: list[Cause]
    ) -> Iterator[Outgoing]:
        wall_ms = now_ms()
        may_list = self._lists.recommender.catalogue.may_list
        short: list[Published] = []
        for user_id in user_ids:
            old = self._published.get(user_id)
            if old is None:
                continue
            gone = [item_id for item_id in old.item_ids if not may_list(item_id, wall_ms)]
            partition = self._published.partition(user_id)
            if not gone or not self._users.owns(partition):
                continue
            cause = causes.get(gone[0]) or self._by_time(gone[0], wall_ms)
            found = self._lists.without_gone(old, cause, wall_ms)
            changed.append(cause)
            if len(found.item_ids) < len(old.item_ids) or self._lists.gives_places:
                short.append(found)
            else:
                yield self._published.keep(found, partition)
        for start in range(0, len(short), LISTS_AT_ONCE):
            part = short[start : start + LISTS_AT_ONCE]
            anew = self._lists.published_again(part, self._users, self._published, wall_ms)
            for found, made in zip(part, anew, strict=True):
                cause, user_id = found.recommendation.cause, found.recommendation.user_id
                again = found if made is None else self._lists.changed(made, found, cause)
                yield self._published.keep(again, self._published.partition(user_id))
