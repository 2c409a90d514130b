"""erasures → erasure-receipts: the worker that owns a user forgets them; the learner, last to hear, writes the receipt.

In this order, each step acknowledged before the next: the list's tombstone; a *stub* in the place of the state; a
marker in the log of examples; only then the erasure. The stub's cursor is the end of the user's partition, so nothing
that lies before it can bring the user back, and it says which erasure left it: one that comes again, after a crash,
writes its marker again and touches nothing else, since the user may have come back meanwhile. What the user does after
the stub's cursor starts a new, empty state.

The stub becomes a tombstone once the group has committed what lies before its cursor, and the erasure, and a former
owner that was frozen can write no more.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import faust
import msgspec
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from online import example_codec
from online.events import Cursor, Erased, UserErased
from online.state import UserState
from streams import metrics
from streams.app import add_worker
from streams.clock import now_ms
from streams.dead_letters import letter
from streams.decoding import PACKED_LIMIT, EventDecoder
from streams.event_ids import log_key
from streams.events import Erasure
from streams.homes import sent_home
from streams.identity import LogIdentity
from streams.lag import committed_offsets, end_offsets
from streams.liveness import Liveness
from streams.ownership import in_turn
from streams.producer import BatchProducer, Outgoing
from streams.runs import Run
from streams.settings import Settings
from streams.stores.lists import PublishedLists
from streams.stores.users import UserStore
from streams.topics import full_name, home_partition

logger = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often stubs are looked at."""

_PASSED = ("interactions", "erasures")
"""What the group must have committed before a stub is given up."""
_decoder = EventDecoder(Erasure)
_encode = msgspec.json.Encoder().encode


class ErasuresToReceipts:
    """Forgets users, in turns with whatever else is done for them."""

    def __init__(
        self,
        settings: Settings,
        admin: AdminClient,
        users: UserStore,
        published: PublishedLists,
        producer: BatchProducer,
        liveness: Liveness,
        logs: tuple[LogIdentity, LogIdentity],
    ) -> None:
        """`logs`: of erasures, and of interactions."""
        self._settings = settings
        self._admin = admin
        self._users = users
        self._published = published
        self._producer = producer
        self._check = liveness.check
        self._log, self._interactions = logs
        self._names = {base: full_name(settings, base) for base in ("erasures", "interactions", "examples")}
        self._seen_s: dict[str, float] = {}
        """Since when each stub has been known here, by a monotonic clock."""

    async def work(self, runs: Sequence[Run]) -> None:
        """Works a batch; when it returns, every marker is acknowledged."""
        async with in_turn(self._users.ready, self._users.working):
            await self._work(runs)

    async def _work(self, runs: Sequence[Run]) -> None:
        outgoing: list[Outgoing] = []
        asked: list[tuple[Cursor, Erasure]] = []
        for run in runs:
            if not run.is_current():
                continue
            await self._log.confirm(run[0].partition, run[0].offset)
            for record in run:
                decoded = _decoder.decode(record.value)
                outgoing += [
                    letter(self._settings, "erasures", record, r, now_ms()) for r in decoded.refusals
                ]
                for index, erasure in decoded.events:
                    home = home_partition(erasure.user_id, self._settings.partitions)
                    if home != record.partition:
                        value = _encode(erasure)
                        outgoing.append(sent_home("erasures", record, index, erasure.user_id, value, home))
                    else:
                        asked.append((Cursor(self._log.id, home, record.offset, index), erasure))
                metrics.EVENTS.labels(topic="erasures").inc(len(decoded.events))
                metrics.NEWER_SCHEMA.labels(topic="erasures").inc(decoded.newer_count)
        await self._producer.deliver(outgoing, self._check)
        while asked:
            # Whose second erasure is made before the first one's marker is written would have been counted by neither.
            first: dict[str, tuple[Cursor, Erasure]] = {}
            for one in asked:
                first.setdefault(one[1].user_id, one)
            asked = [one for one in asked if one is not first[one[1].user_id]]
            await self._erase(list(first.values()))

    async def _erase(self, asked: Sequence[tuple[Cursor, Erasure]]) -> None:
        ends = await self._ends({place.partition for place, _ in asked})
        stubs: dict[str, UserState] = {}
        markers: list[Outgoing] = []
        for place, erasure in asked:
            user_id, partition = erasure.user_id, place.partition
            state = stubs.get(user_id) or self._users.get(user_id, partition)
            if state.erased is None or not state.erased.place.reaches(place):
                end = Cursor(self._interactions.id, partition, ends[partition] - 1, PACKED_LIMIT)
                state = stubs[user_id] = stub_of(state, end, place, self._has_list(state))
            if state.erased is not None:
                markers.append(self._marker(erasure, partition, state.erased))
        homes = {user_id: home_partition(user_id, self._settings.partitions) for user_id in stubs}
        tombstones = [self._published.erase(user_id, home) for user_id, home in homes.items()]
        await self._producer.deliver(tombstones, self._check)
        for user_id in stubs:
            # Lists that were being loaded meanwhile may have had the old one.
            self._published.forget(user_id)
            self._users.overwritten.pop(user_id, None)
        written = [self._users.record(stub, homes[user_id]) for user_id, stub in stubs.items()]
        await self._producer.deliver(written, self._check)
        await self._producer.deliver(markers, self._check)

    def _has_list(self, state: UserState) -> bool:
        # Right after a start the lists may have yet to be read.
        return bool(state.current) or self._published.get(state.user_id) is not None

    async def _ends(self, partitions: set[int]) -> dict[int, int]:
        """Where each partition of interactions ends now, however long Kafka is away."""
        while True:
            try:
                return await asyncio.to_thread(
                    end_offsets, self._admin, self._names["interactions"], partitions
                )
            except KafkaException as exc:
                logger.warning("cannot see where interactions end, trying again: %s", exc)
                await asyncio.sleep(0.2)

    def _marker(self, erasure: Erasure, partition: int, erased: Erased) -> Outgoing:
        marker = UserErased(erasure.user_id, erasure.request_id, self._interactions.id, partition, erased)
        key = log_key(self._interactions.id, partition)
        return Outgoing(self._names["examples"], key, example_codec.pack(marker), 0)

    async def watch_stubs(self) -> None:
        """Gives up stubs that nothing can bring back, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.give_up_stubs(time.monotonic())
            except KafkaException as exc:
                logger.warning("cannot see what is committed, looking again: %s", exc)

    async def give_up_stubs(self, now_s: float) -> None:
        """Writes the tombstones that are due at a monotonic clock's time.

        Raises:
            KafkaException: The cluster does not answer.
        """
        stubs = dict(self._users.stubs)
        self._seen_s = {user_id: self._seen_s.get(user_id, now_s) for user_id in stubs}
        # As long as a former owner that was frozen may have something on its way.
        since_s = now_s - 2 * self._settings.session_timeout_s
        old = {user_id: p for user_id, p in stubs.items() if self._seen_s[user_id] <= since_s}
        if not old:
            return
        places = [TopicPartition(self._names[base], p) for base in _PASSED for p in sorted(set(old.values()))]
        committed = await asyncio.to_thread(committed_offsets, self._settings, "recommend", places)
        async with self._users.working:
            due = [(u, p) for u, p in old.items() if self._is_due(u, p, committed)]
            # The list's again, too: a former owner may have published one late.
            await self._producer.deliver(
                [self._published.erase(user_id, partition) for user_id, partition in due], self._check
            )
            await self._producer.deliver(
                [self._users.tombstone(user_id, partition) for user_id, partition in due], self._check
            )
            for user_id, partition in due:
                self._users.drop(user_id, partition)

    def _is_due(self, user_id: str, partition: int, committed: dict[tuple[str, int], int]) -> bool:
        if not self._users.ready.is_set() or self._users.stubs.get(user_id) != partition:
            return False
        state = self._users.look(user_id, partition)
        if state.cursor is None or state.erased is None:
            return False
        # Nothing committed is negative; of an empty partition nothing can come again.
        passed = {base: max(0, committed[self._names[base], partition]) for base in _PASSED}
        is_passed = passed["interactions"] > state.cursor.offset
        return is_passed and passed["erasures"] > state.erased.place.offset


def stub_of(state: UserState, end: Cursor, place: Cursor, has_list: bool) -> UserState:
    """What is left of a user: that everything up to `end` is done with, and by which erasure."""
    stub = UserState(state.user_id)
    stub.cursor = state.cursor if state.cursor is not None and state.cursor.reaches(end) else end
    stub.erased = Erased(
        place=place,
        count=state.applied_count,
        xor=state.applied_xor,
        users=int(state.applied_count > 0),
        lists=int(has_list),
    )
    return stub


def connect(
    app: faust.App, settings: Settings, worker: ErasuresToReceipts, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`."""
    add_worker(app, settings, "erasures", "erasures_to_receipts", worker.work, fail)
