"""New items find their users: lists that a new item belongs in are made again, without waiting for an event.

Making every list would take too long. Users whose list has room come first. The others are tried in two orders in
turns: in that in which the item's vector is nearer to their taste than their list asks for (`online.ranking.tastes`),
and in that of nearness alone; and no longer once many lists in a row were made that it is not in. So the lists say for
whom it is, whatever ranks them.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.statistics.base import Floats
from streams.clock import now_ms
from streams.events import Cause
from streams.item_changes import ItemChanges, measure_changed
from streams.lists import ListMaker
from streams.liveness import Liveness
from streams.ownership import keep_up
from streams.producer import BatchProducer, Outgoing
from streams.stores.lists import PublishedLists
from streams.stores.users import UserStore

TICK_S = 0.02
"""How often new items are looked for."""
LEARN_S, LEARN_AGAIN_S = 0.004, 0.001
"""Of each tick, what may be spent on tastes that are not known, and on those that may have changed, or while events are
in work."""
TURN_S = 0.010
"""Lists are made for so long before events have their turn."""
TRIED_AT_ONCE = 8
"""Lists made together; more would save little more, and hold events up."""
PAUSE_SHARE = 0.3
"""Then nothing is for this share of the time that they took."""
PATIENCE = 128
"""So many lists in a row without any of the new items end the search."""
TRIED_LIMIT = 20_000
"""Users tried at most in each order."""


class Newcomers:
    """Searches one after the other, each for all items that came since the last."""

    def __init__(
        self,
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
        self._may_have_changed = False
        self._next = 0
        self._random = np.random.default_rng()

    async def run(self) -> None:
        """Brings new items into lists, for ever; ends with the first error."""
        await keep_up(self._users.ready, self.turn, TICK_S)

    async def turn(self) -> None:
        """Brings in what has come, if anything has."""
        if self._changes.take_vectors_changed():
            self._published.tastes.doubt_all()
        self._learn_tastes()
        come = self._changes.take_come()
        found = {item_id: self._lists.recommender.vector(item_id) for item_id in come}
        vectors = [vector for vector in found.values() if vector is not None]
        if come:
            # A list may have room for ever, by a rule: those in vain must not use up the patience of the others.
            short = self._random.permutation(np.array(self._published.short(), np.int64))
            await self._bring_in(come, short[:TRIED_LIMIT])
        if vectors:
            self._may_have_changed = True
            await self._bring_in(come, await self._order(np.stack(vectors)))

    def _learn_tastes(self) -> None:
        """Finds the tastes of users whose lists were made by others; then, one after the other, everybody's again.

        What somebody had may have got a vector, or another one, since their list was made.
        """
        end = self._published.end
        unknown = self._published.tastes.unknown(end).tolist()
        if unknown:
            self._learn(unknown, LEARN_AGAIN_S if self._users.working.locked() else LEARN_S)
        elif self._next < end:
            self._next += self._learn(range(self._next, end), LEARN_AGAIN_S)
        elif self._may_have_changed:
            self._next, self._may_have_changed = 0, False

    def _learn(self, slots: Sequence[int], limit_s: float) -> int:
        """Finds tastes as long as there is time; returns how many."""
        tastes = self._published.tastes
        end_s = time.perf_counter() + limit_s
        for number, slot in enumerate(slots, 1):
            user_id = self._published.user(slot)
            published = self._published.get(user_id)
            if published is None or not self._users.owns(partition := self._published.partition(user_id)):
                tastes.clear(slot)
                continue
            state = self._users.look(user_id, partition)
            tastes.put(slot, self._lists.taste(state, published.recommendation.items))
            if time.perf_counter() > end_s:
                return number
        return len(slots)

    async def _order(self, vectors: Floats) -> NDArray[np.int64]:
        """Slots to try, the most promising first: in turns those farthest above their bar, and the nearest of all."""
        near, above = np.zeros((2, self._published.end), np.float32)
        start, end = 0, len(near)
        while start < end:
            of_part = self._published.tastes.compare(vectors, start)
            stop = start + len(of_part[0])
            near[start:stop], above[start:stop] = (values[: end - start] for values in of_part)
            start = stop
            await asyncio.sleep(0)
        slots = np.flatnonzero(near > 0)
        both = np.stack([_best(slots, above[slots]), _best(slots, near[slots])], axis=1).ravel()
        _, first = np.unique(both, return_index=True)
        order: NDArray[np.int64] = both[np.sort(first)]
        return order

    async def _bring_in(self, come: Mapping[str, Cause], order: NDArray[np.int64]) -> None:
        search = Search(come, now_ms(), iter([self._published.user(slot) for slot in order.tolist()]))
        while search.patience > 0:
            start_s = time.perf_counter()
            async with self._users.working:
                if not self._users.ready.is_set():
                    for cause in come.values():
                        self._changes.come(cause)
                    return
                await self._producer.deliver(self._lists_with(search), self._check)
            changed, search.changed = search.changed, []
            measure_changed("come", changed)
            await asyncio.sleep(PAUSE_SHARE * (time.perf_counter() - start_s))

    def _lists_with(self, search: "Search") -> Iterator[Outgoing]:
        """The lists of the next users that have any of the items, as many as can be made in a turn."""
        end_s = time.perf_counter() + TURN_S
        while search.patience > 0 and time.perf_counter() < end_s:
            users = list(islice(search.users, TRIED_AT_ONCE))
            if not users:
                search.patience = 0
                return
            lists = (old for old in map(self._published.get, users) if old is not None)
            # A list that was made since knows the items.
            tried = [old for old in lists if old.recommendation.generated_ms <= search.start_ms]
            found = self._lists.published_again(tried, self._users, self._published, now_ms())
            for old, made in zip(tried, found, strict=True):
                causes = [] if made is None else [search.come[i] for i in made.item_ids if i in search.come]
                if made is None or not causes:
                    search.patience -= 1
                else:
                    search.patience = PATIENCE
                    search.changed.append(causes[0])
                    changed = self._lists.changed(made, old, causes[0])
                    yield self._published.keep(changed, self._published.partition(old.recommendation.user_id))


def _best(slots: NDArray[np.int64], values: Floats) -> NDArray[np.int64]:
    """At most TRIED_LIMIT slots with the largest values, the largest first."""
    if len(slots) > TRIED_LIMIT:
        chosen = np.argpartition(-values, TRIED_LIMIT)[:TRIED_LIMIT]
        slots, values = slots[chosen], values[chosen]
    return slots[np.argsort(-values, kind="stable")]


class Search(msgspec.Struct):
    """For whom some items are."""

    come: Mapping[str, Cause]
    start_ms: int
    users: Iterator[str]
    """Whom to try next."""
    patience: int = PATIENCE
    """Lists in vain until it ends."""
    changed: list[Cause] = []
    """Of lists under way, why each was changed."""
