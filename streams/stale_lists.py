"""Lists of who has been away are made again: what trends has moved on, and so has what was learned.

An event makes its user's list at once. Who comes back after days would else find the list of their last visit. A share
of the worker's time at most goes to this, so that it takes the longer the more users there are, and holds nobody up.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence

from streams import metrics
from streams.clock import now_ms
from streams.events import Cause
from streams.lists import ListMaker
from streams.liveness import Liveness
from streams.ownership import keep_up
from streams.producer import BatchProducer, Outgoing
from streams.settings import Settings
from streams.stores.lists import PublishedLists
from streams.stores.users import UserStore
from streams.topics import full_name

TICK_S = 5.0
"""How often lists are looked for that have become old."""
MADE_AT_ONCE = 8
"""Lists made together; more would save little more, and hold events up."""
PAUSE_FACTOR = 9.0
"""Then nothing is made for so many times as long."""


class StaleLists:
    """Looks for old lists, and makes them again, the oldest first."""

    def __init__(
        self,
        settings: Settings,
        users: UserStore,
        lists: ListMaker,
        published: PublishedLists,
        producer: BatchProducer,
        liveness: Liveness,
    ) -> None:
        self._after_ms = settings.refresh_after_hours * 3_600_000
        self._topic = full_name(settings, "recommendations")
        self._users = users
        self._lists = lists
        self._published = published
        self._producer = producer
        self._check = liveness.check

    async def run(self) -> None:
        """Keeps lists from becoming old, for ever; ends with the first error."""
        await keep_up(self._users.ready, self.turn, TICK_S)

    async def turn(self) -> None:
        """Makes again what is too old, if anything is."""
        if not self._after_ms:
            return
        user_ids = self._published.made_before(now_ms() - self._after_ms)
        for start in range(0, len(user_ids), MADE_AT_ONCE):
            async with self._users.working:
                # Lists of partitions that were let go of meanwhile are their new owner's.
                if not self._users.ready.is_set():
                    return
                start_s = time.perf_counter()
                made = list(self._made(user_ids[start : start + MADE_AT_ONCE]))
                spent_s = time.perf_counter() - start_s
                await self._producer.deliver(made, self._check)
            metrics.LISTS.labels(cause="schedule").inc(len(made))
            await asyncio.sleep(PAUSE_FACTOR * spent_s)

    def _made(self, user_ids: Sequence[str]) -> Iterator[Outgoing]:
        wall_ms = now_ms()
        # Whoever had an event since, or was erased, has no old list any more.
        lists = (old for old in map(self._published.get, user_ids) if old is not None)
        olds = [old for old in lists if old.recommendation.generated_ms < wall_ms - self._after_ms]
        again = self._lists.published_again(olds, self._users, self._published, wall_ms)
        for old, made in zip(olds, again, strict=True):
            if made is not None:
                partition = self._published.partition(old.recommendation.user_id)
                cause = Cause("schedule", "", self._topic, partition, -1, wall_ms)
                yield self._published.keep(self._lists.changed(made, old, cause), partition)
