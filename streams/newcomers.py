"""New items find their users: lists that a new item belongs in are made again, without waiting for an event.

Making every list would take too long. Users are tried in the order in which the item's vector is nearer to their taste
than their list asks for (`online.ranking.tastes`), and no longer once many lists in a row were made that it is not in.
So the search is exact where content decides, whatever ranks, and costs little where it does not.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.statistics.base import Floats
from streams import metrics
from streams.clock import now_ms
from streams.events import Cause
from streams.item_changes import ItemChanges
from streams.lists import ListMaker
from streams.liveness import Liveness
from streams.producer import BatchProducer, Outgoing
from streams.stores.lists import Published, PublishedLists, through_of
from streams.stores.users import UserStore

logger = logging.getLogger(__name__)

TICK_S = 0.02
"""How often new items are looked for."""
LEARN_S = 0.004
"""Of each tick, what may be spent on the tastes of users whose lists were loaded."""
TURN_S = 0.010
"""Lists are made for so long before events have their turn; then for as long again nothing is."""
PATIENCE = 64
"""So many lists in a row without any of the new items end the search."""
TRIED_LIMIT = 20_000
"""Users tried at most for the items of one search."""


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

    async def run(self) -> None:
        """Brings new items into lists, for ever; ends with the first error."""
        while True:
            await self._users.ready.wait()
            await self.turn()
            await asyncio.sleep(TICK_S)

    async def turn(self) -> None:
        """Brings in what has come, if anything has."""
        if self._changes.take_vectors_changed():
            self._published.tastes.doubt_all()
        self._learn_tastes()
        come = self._changes.take_come()
        found = {item_id: self._lists.recommender.vector(item_id) for item_id in come}
        vectors = [vector for vector in found.values() if vector is not None]
        if vectors:
            await self._bring_in(come, await self._order(np.stack(vectors)))

    def _learn_tastes(self) -> None:
        """Finds the tastes of users whose lists were made by others, a few at a time."""
        tastes = self._published.tastes
        end_s = time.perf_counter() + LEARN_S
        for slot in tastes.unknown(self._published.end).tolist():
            user_id = self._published.user(slot)
            published = self._published.get(user_id)
            if published is None or not self._users.owns(partition := self._published.partition(user_id)):
                tastes.clear(slot)
                continue
            state = self._users.look(user_id, partition)
            tastes.put(slot, self._lists.taste(state, published.recommendation.items))
            if time.perf_counter() > end_s:
                return

    async def _order(self, vectors: Floats) -> NDArray[np.int64]:
        """Slots to try, the most promising first."""
        parts: list[Floats] = []
        start, end = 0, self._published.end
        while start < end:
            parts.append(self._published.tastes.margins(vectors, start))
            start += len(parts[-1])
            await asyncio.sleep(0)
        margins = np.concatenate(parts)[:end] if parts else np.zeros(0, np.float32)
        slots = np.flatnonzero(margins > -np.inf)
        if len(slots) > TRIED_LIMIT:
            slots = slots[np.argpartition(-margins[slots], TRIED_LIMIT)[:TRIED_LIMIT]]
        return slots[np.argsort(-margins[slots], kind="stable")]

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
            _measure(search)
            await asyncio.sleep(time.perf_counter() - start_s)

    def _lists_with(self, search: "Search") -> Iterator[Outgoing]:
        """The lists of the next users that have any of the items, as many as can be made in a turn."""
        end_s = time.perf_counter() + TURN_S
        while search.patience > 0 and time.perf_counter() < end_s:
            user_id = next(search.users, None)
            if user_id is None:
                search.patience = 0
                return
            old = self._published.get(user_id)
            # A list that was made since knows the items.
            if old is None or old.recommendation.generated_ms > search.start_ms:
                continue
            partition = self._published.partition(user_id)
            made = self._made(old, partition, search) if self._users.owns(partition) else None
            if made is None:
                search.patience -= 1
            else:
                search.patience = PATIENCE
                yield self._published.keep(made, partition)

    def _made(self, old: Published, partition: int, search: "Search") -> Published | None:
        """The user's list now, if any of the items is in it."""
        state = self._users.get(old.recommendation.user_id, partition)
        if through_of(state) != old.recommendation.through:
            return None  # a crash has left the list ahead of the state; its events are about to come again
        try:
            found = self._lists.published(state, old.recommendation.cause, now_ms())
        except Exception:
            logger.exception("no list of %s", old.recommendation.user_id)
            metrics.LIST_FAILURES.inc()
            return None
        causes = [search.come[item_id] for item_id in found.item_ids if item_id in search.come]
        if not causes:
            return None
        search.changed.append(causes[0])
        return self._lists.changed(found, old, causes[0])


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


def _measure(search: Search) -> None:
    changed, search.changed = search.changed, []
    acknowledged_ms = now_ms()
    for cause in changed:
        metrics.LISTS.labels(cause="item").inc()
        seconds = max(0, acknowledged_ms - cause.timestamp_ms) / 1000
        metrics.MEDIA_TO_LIST.labels(change="come").observe(seconds)
