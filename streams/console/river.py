"""What the console follows: every topic that shows how the river runs, from one place, in one event loop."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from functools import partial
from itertools import islice

from confluent_kafka.admin import AdminClient

from streams.clock import now_ms
from streams.console.activity import Activity
from streams.console.items import Briefs
from streams.console.learner import Learner
from streams.console.now import Now
from streams.console.places import Newest, Places
from streams.console.subscribers import Subscribers
from streams.follower import Follower, Handler, Record
from streams.lag import READS
from streams.settings import Settings
from streams.status import TopicLag, role_lag
from streams.topics import full_name, partition_count

COMPACTED = ("items", "users", "recommendations")
LAG_S = 5.0
"""Between two looks at the groups' offsets."""


class River:
    """Follows the topics; `follow` has to run for anything to be known."""

    def __init__(self, admin: AdminClient, settings: Settings) -> None:
        """Connects.

        Raises:
            TopicsError: A topic is missing.
        """
        self._admin = admin
        self._settings = settings
        self._partitions = {
            base: partition_count(admin, settings, base)
            for base in (*COMPACTED, "model", "interactions", "dead-letters")
        }
        self._places = {base: Places() for base in COMPACTED}
        self._newest = {base: Newest(settings, base, self._places[base]) for base in COMPACTED}
        self._lag: list[TopicLag] = []
        self.briefs = Briefs()
        self.activity = Activity()
        self.learner = Learner(self.activity.examples)
        self.subscribers = Subscribers()
        self.is_loaded = False
        """Whether all that lay in the compacted topics at the start has been read."""

    async def newest(self, base: str, key: str) -> Record | None:
        """The newest record of a key of `items`, `users` or `recommendations`; None if there is none.

        Raises:
            TimeoutError: Kafka does not answer.
        """
        return await self._newest[base].of(key)

    def user_ids(self, contains: str, limit: int) -> list[str]:
        """Some users who have a list, by a part of their ids."""
        wanted = contains.encode()
        found = (key.decode(errors="replace") for key in self._places["recommendations"] if wanted in key)
        return list(islice(found, limit))

    async def follow(self) -> None:
        """Reads what is there, then what comes, until cancelled.

        Raises:
            KafkaException: A topic can be followed no more.
        """
        async with AsyncExitStack() as stack:
            live: list[tuple[Follower, Handler]] = []
            for base, take in (
                ("interactions", self.activity.take_interactions),
                ("dead-letters", self.activity.take_letter),
            ):
                live.append((stack.enter_context(closing(await self._at_end(base))), take))
            for base, read, take in self._compacted():
                follower = stack.enter_context(closing(await self._at(base, -1)))
                await follower.read_to_end(read)
                live.append((follower, take))
            self.is_loaded = True
            await asyncio.gather(self._look_at_lag(), *(follower.follow(take) for follower, take in live))

    def _compacted(self) -> list[tuple[str, Handler, Handler]]:
        """Topics that are read from their beginning: what takes what lies there, and what takes what comes."""
        lists = self._places["recommendations"].take
        items = _each(self._places["items"].take, self.briefs.take)
        past = _each(lists, partial(self.activity.take_list, is_live=False))
        coming = _each(lists, partial(self.activity.take_list, is_live=True), self.subscribers.publish)
        users = self._places["users"].take
        return [
            ("items", items, items),
            ("users", users, users),
            ("model", self.learner.take, self.learner.take),
            ("recommendations", past, coming),
        ]

    async def _at(self, base: str, offset: int) -> Follower:
        follower = Follower(self._settings, full_name(self._settings, base))
        await follower.assign(dict.fromkeys(range(self._partitions[base]), offset))
        return follower

    async def _at_end(self, base: str) -> Follower:
        follower = await self._at(base, -1)
        ends = await asyncio.to_thread(follower.end_offsets)
        await follower.assign({partition: end for partition, (_, end) in ends.items()})
        return follower

    async def _look_at_lag(self) -> None:
        while True:
            self._lag = [
                lag
                for role in READS
                for lag in await asyncio.to_thread(role_lag, self._admin, self._settings, role)
            ]
            await asyncio.sleep(LAG_S)

    def now(self, now_s: float) -> Now:
        """The river at this moment of a monotonic clock."""
        activity = self.activity
        active = activity.active()
        briefs = self.briefs.of(entry.item_id for entry in active if entry.item_id is not None)
        for entry in active:
            entry.title = briefs[entry.item_id].title if entry.item_id is not None else None
        p50_ms, p99_ms = activity.event_to_list.percentiles((0.5, 0.99), now_s)
        return Now(
            timestamp_ms=now_ms(),
            users=len(self._places["recommendations"]),
            items=len(self._places["items"]),
            events_per_s=activity.events.per_s(now_s),
            lists_per_s=activity.lists.per_s(now_s),
            examples_per_s=activity.examples.per_s(now_s),
            dead_letters_per_s=activity.dead_letters.per_s(now_s),
            event_to_list_p50_ms=p50_ms,
            event_to_list_p99_ms=p99_ms,
            lag=self._lag,
            model=self.learner.model(),
            active=active,
            refused=list(reversed(activity.refused)),
        )

    def close(self) -> None:
        """Closes what reads single records; what follows is closed by cancelling `follow`."""
        for newest in self._newest.values():
            newest.close()


def _each(*takes: Callable[[Record], object]) -> Handler:
    """A handler that gives each record to several."""

    def take(record: Record) -> None:
        for one in takes:
            one(record)

    return take
