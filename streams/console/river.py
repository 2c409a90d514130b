"""What the console follows: every topic that shows how the river runs, from one place, in one event loop."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from functools import partial
from itertools import islice

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.clock import now_ms
from streams.console.activity import Activity
from streams.console.items import Briefs
from streams.console.learner import Learner
from streams.console.now import Now, State
from streams.console.places import Newest
from streams.console.subscribers import Subscribers
from streams.follower import Follower, Handler, Record
from streams.lag import READS
from streams.settings import Settings
from streams.status import TopicLag, role_lag
from streams.topics import full_name

COMPACTED = ("items", "users", "recommendations")
FOLLOWED = (*COMPACTED, "model", "interactions", "dead-letters")
LAG_S = 5.0
"""Between two looks at the groups' offsets."""


class River:
    """Follows the topics; `follow` has to run for anything to be known."""

    def __init__(
        self,
        admin: AdminClient,
        settings: Settings,
        partitions: Mapping[str, int],
        newest: Mapping[str, Newest],
    ) -> None:
        """Follows nothing yet.

        Args:
            admin: Is asked for the groups' offsets.
            settings: Where the cluster is.
            partitions: How many each of FOLLOWED has.
            newest: For each of COMPACTED what keeps its newest records.
        """
        self._admin = admin
        self._settings = settings
        self._partitions = partitions
        self._newest = newest
        self._lag: list[TopicLag] = []
        self.briefs = Briefs()
        self.activity = Activity(settings)
        self.learner = Learner(self.activity.examples)
        self.subscribers = Subscribers()
        self.state: State = "loading"

    async def newest(self, base: str, key: str) -> Record | None:
        """The newest record of a key of `items`, `users` or `recommendations`; None if there is none.

        Raises:
            TimeoutError: Kafka does not answer.
        """
        return await self._newest[base].of(key)

    def user_ids(self, contains: str, limit: int) -> list[str]:
        """Some users who have a list, by a part of their ids."""
        wanted = contains.encode()
        found = (key.decode(errors="replace") for key in self._newest["recommendations"] if wanted in key)
        return list(islice(found, limit))

    async def follow(self) -> None:
        """Reads what is there, then what comes, until cancelled.

        Raises:
            KafkaException: A topic can be followed no more.
        """
        try:
            await self._follow()
        except Exception:
            self.state = "failed"
            raise

    async def _follow(self) -> None:
        with ExitStack() as stack:
            live: list[tuple[Follower, Handler]] = []
            for base, coming in self._passing():
                live.append((stack.enter_context(closing(await self._at_end(base))), coming))
            for base, lying, coming in self.kept():
                follower = stack.enter_context(closing(await self._at(base, -1)))
                await follower.read_to_end(lying)
                live.append((follower, coming))
            self.state = "ok"
            await asyncio.gather(self._look_at_lag(), *(follower.follow(take) for follower, take in live))

    def _passing(self) -> list[tuple[str, Handler]]:
        """Topics of which only what comes is of interest."""
        return [
            ("interactions", self.activity.take_interactions),
            ("dead-letters", self.activity.take_letter),
        ]

    def kept(self) -> list[tuple[str, Handler, Handler]]:
        """Topics that are read from their beginning: what takes what lies there, and what takes what comes."""
        lists = self._newest["recommendations"].take
        items = _each(self._newest["items"].take, self.briefs.take)
        past = _each(lists, partial(self.activity.take_list, is_live=False))
        coming = _each(lists, partial(self.activity.take_list, is_live=True), self.subscribers.publish)
        users = self._newest["users"].take
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
            # Where Kafka is away for a while, what was seen last stands: followers wait for it, too. So it does where
            # the console may not see how far workers are.
            with suppress(TimeoutError, KafkaException):
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
            state=self.state,
            users=len(self._newest["recommendations"]),
            items=len(self._newest["items"]),
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


def _each(*takes: Callable[[Record], object]) -> Handler:
    """A handler that gives each record to several."""

    def take(record: Record) -> None:
        for one in takes:
            one(record)

    return take
