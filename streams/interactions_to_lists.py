"""interactions → recommendations: every event changes its user's state once, and the user's list at once.

The order of writing is the promise: lists and examples are acknowledged before the state that contains their
events, and the state before the events are acknowledged. After a crash anywhere in between the events come
again; what the state's cursor has passed is not applied twice, and readers of examples skip by watermark.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import faust

from online import example_codec
from online.recent_lists import RecentLists
from streams import metrics
from streams.app import add_worker
from streams.batch import Batch, Touched, decode
from streams.clock import now_ms
from streams.door import Door
from streams.event_ids import log_key
from streams.hurry import in_a_hurry, is_behind
from streams.identity import LogIdentity
from streams.list_logs import ListLogs
from streams.lists import LISTS_AT_ONCE, Asked, ListMaker
from streams.liveness import Liveness
from streams.owed_lists import OwedLists
from streams.ownership import in_turn, keep_up
from streams.producer import BatchProducer, Outgoing
from streams.runs import Run
from streams.settings import Settings
from streams.slow_lists import SlowLists
from streams.stores.lists import PublishedLists
from streams.stores.users import UserStore
from streams.topics import full_name

EVENTS_AT_ONCE = 512
"""Events worked as one batch, also within a packed message: bounds how long the loop does nothing else."""
TICK_S = 0.02
"""How often lists are looked for that are to be made without an event."""


class InteractionsToLists:
    """Works batches of interactions, one at a time."""

    def __init__(
        self,
        settings: Settings,
        users: UserStore,
        lists: ListMaker,
        published: PublishedLists,
        producer: BatchProducer,
        liveness: Liveness,
        log: LogIdentity,
    ) -> None:
        self._settings = settings
        self._users = users
        self._lists = lists
        self._published = published
        self._producer = producer
        self._check = liveness.check
        self._logs = ListLogs(lists.recommender, settings.learn_lists_per_s)
        self._log = log
        self._door = Door(settings)
        self._slow = SlowLists()
        self.recent = RecentLists()
        """What was listed last."""
        self._in_hand_ms: int | None = None
        """Kafka's timestamp of the oldest record in work; one batch is worked at a time."""
        self._names = {base: full_name(settings, base) for base in ("examples", "users")}
        self._owed = OwedLists(users, published, self._names["users"])

    async def work(self, runs: Sequence[Run]) -> None:
        """Works a batch through to acknowledged state; when it returns the records may be acknowledged."""
        self._in_hand_ms = min((run[0].timestamp for run in runs), default=None)
        await self._work_owned(runs)
        self._in_hand_ms = None

    async def _work_owned(self, runs: Sequence[Run]) -> None:
        async with in_turn(self._users.ready, self._users.working):
            await self._work(runs)

    def oldest_unanswered_s(self) -> float:
        """Age of the oldest event in work, or whose list is owed; 0 with none."""
        waiting = [ms for ms in (self._in_hand_ms, self._owed.oldest_ms()) if ms is not None]
        return max(0, now_ms() - min(waiting)) / 1000 if waiting else 0.0

    async def finish(self) -> None:
        """Returns when the batch in work, if any, is written."""
        async with self._users.working:
            pass

    async def catch_up(self) -> None:
        """Makes lists that are owed, and writes over what a former owner wrote late, for ever and without events."""
        await keep_up(self._users.ready, self.turn, TICK_S)

    async def turn(self) -> None:
        """Does so until nothing is due, in turns with events."""
        await self._owed.look()
        while self._users.overwritten or self._owed.is_any_due(now_ms(), self._in_hand_ms):
            async with in_turn(self._users.ready, self._users.working):
                batch = self._new_batch([])
                due = self._owed.take(now_ms(), self._in_hand_ms)
                # What a backlog left is made as the backlog's would have been; others have time.
                batch.hurried = any(user.cause.kind == "interaction" for user in due)
                listed = due + self._owed.overwritten(batch.touched)
                await self._publish(batch, listed)
                self._measure(batch, len(listed))

    async def _work(self, runs: Sequence[Run]) -> None:
        record_count = sum(len(run) for run in runs)
        batch = self._new_batch(runs)
        for run in runs:
            if not run.is_current():
                continue
            if not self._users.owns(run[0].partition):
                msg = f"a current run of partition {run[0].partition}, whose users are not loaded"
                raise RuntimeError(msg)
            await self._log.confirm(run[0].partition, run[0].offset)
            for record in run:
                decoded = self._door.let_in(decode(record.value), record.value)
                for refusal in decoded.refusals:
                    batch.refuse(record, refusal)
                for index, interaction in decoded.events:
                    batch.add(record, index, interaction)
                    if batch.event_count >= EVENTS_AT_ONCE:
                        await self._finish(batch, record_count)
                        batch = self._new_batch(runs)
                        if not run.is_current():
                            return  # superseded while it was written: all of it comes again
        await self._finish(batch, record_count)

    def _new_batch(self, runs: Sequence[Run]) -> Batch:
        wall_ms = now_ms()
        hurried = in_a_hurry(runs, wall_ms)
        return Batch(self._settings, self._users, self._published, self._logs, self._log.id, wall_ms, hurried)

    async def _finish(self, batch: Batch, record_count: int) -> None:
        wall_ms = now_ms()
        listed = list(batch.touched.values())
        owed: list[Touched] = []
        # Packed or not, what comes of one fetch of a backlog is many events.
        if is_behind(batch.oldest_ms, max(batch.event_count, record_count), wall_ms):
            listed, owed = [], listed
        listed += self._owed.overwritten(batch.touched)
        self._owed.add(owed, wall_ms)
        self._owed.settle(listed)
        await self._publish(batch, listed, owed)
        self._measure(batch, len(listed))

    async def _publish(self, batch: Batch, listed: Sequence[Touched], owed: Sequence[Touched] = ()) -> None:
        await self._producer.deliver(self._lists_and_examples(batch, listed), self._check)
        self._measure_lists(listed)
        states = (self._users.record(user.state, user.partition) for user in (*listed, *owed))
        await self._producer.deliver(states, self._check)

    def _lists_and_examples(self, batch: Batch, listed: Sequence[Touched]) -> Iterator[Outgoing]:
        yield from batch.outgoing
        for start in range(0, len(listed), LISTS_AT_ONCE):
            yield from self._lists_of(listed[start : start + LISTS_AT_ONCE], batch.hurried)
        for run in batch.runs():
            key = log_key(run.topic_id, run.partition)
            yield Outgoing(self._names["examples"], key, example_codec.pack(run), 0)

    def _lists_of(self, users: Sequence[Touched], hurried: bool) -> Iterator[Outgoing]:
        for user in users:
            if user.state.is_stub:
                yield self._published.erase(user.state.user_id, user.partition)
        listed = [user for user in users if not user.state.is_stub]
        started_s = time.perf_counter()
        # The state of a user whose list failed is kept: the next event tries again.
        asked = [Asked(user.state, user.cause, user.context) for user in listed]
        made = self._lists.published_each(asked, now_ms(), hurried)
        seconds = (time.perf_counter() - started_s) / max(len(made), 1)
        for user, published in zip(listed, made, strict=True):
            if published is not None:
                metrics.LIST_SECONDS.observe(seconds)
                item_ids = published.item_ids
                user.state.published(item_ids)
                self.recent.note(item_ids)
                yield self._published.keep(published, user.partition)

    def _measure_lists(self, listed: Sequence[Touched]) -> None:
        """Counts lists that Kafka has; by cause, since to find a label's metric takes longer than to count."""
        wall_ms = now_ms()
        by_cause: dict[str, list[float]] = {}
        for user in listed:
            seconds = max(0.0, (wall_ms - user.since_ms) / 1000)
            by_cause.setdefault(user.cause.kind, []).append(seconds)
            self._slow.note(user.place, seconds)
        for cause, waited_s in by_cause.items():
            metrics.LISTS.labels(cause=cause).inc(len(waited_s))
            observe = metrics.EVENT_TO_LIST.labels(cause=cause).observe
            for seconds in waited_s:
                observe(seconds)

    def _measure(self, batch: Batch, list_count: int) -> None:
        metrics.EVENTS.labels(topic="interactions").inc(batch.event_count)
        metrics.APPLIED.inc(batch.applied_count)
        metrics.LISTS_HURRIED.inc(list_count if batch.hurried else 0)
        metrics.BATCH_EVENTS.labels(role="recommend").observe(batch.event_count)
        metrics.LAG_SECONDS.labels(topic="interactions").set(max(0, now_ms() - batch.oldest_ms) / 1000)


def connect(
    app: faust.App, settings: Settings, worker: InteractionsToLists, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`."""
    add_worker(app, settings, "interactions", "interactions_to_lists", worker.work, fail)
