"""A rebalance comes while a batch is written: what comes of the events is as if none had."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from faust.types import TP

from streams import interactions_to_lists, ownership
from streams.follower import Handler
from streams.ownership import Ownership
from streams.producer import Outgoing
from streams.runs import Run
from streams.stores.users import UserStore
from tests.flow.memory import MemoryProducer
from tests.flow.river import PARTITIONS, MemoryRiver, run
from tests.flow.test_lists_from_events import event, recommend_all, send
from tests.streams.test_ownership import App, turns


class SlowProducer(MemoryProducer):
    """Writes when it is let to."""

    may_write: asyncio.Event | None = None
    waits: asyncio.Event | None = None

    async def deliver(self, messages: Iterable[Outgoing], check: Callable[[], None]) -> None:
        if self.may_write is not None and self.waits is not None:
            self.waits.set()
            await self.may_write.wait()
        await super().deliver(messages, check)


def slow_loading(users: UserStore) -> asyncio.Event:
    """Users are read once the event is set."""
    may_load, read = asyncio.Event(), users._follower.read_to_end

    async def read_to_end(handle: Handler) -> None:
        if users.partitions:
            await may_load.wait()
        await read(handle)

    cast(Any, users._follower).read_to_end = read_to_end
    return may_load


def test_a_batch_that_outlasts_a_rebalance_takes_nobody_for_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "FINISH_S", 0.01)
    monkeypatch.setattr(interactions_to_lists, "EVENTS_AT_ONCE", 1)
    river = MemoryRiver(tmp_path)
    users = "abcdefghijklmnop"
    send(river, *(event(user, "1", n) for n, user in enumerate(users)))
    run(river, lambda: recommend_all(river))
    send(river, *(event(user, "2", 100 + n) for n, user in enumerate(users)))

    async def story() -> None:
        async with river.recommend() as process:
            app, errors = App(), list[BaseException]()
            Ownership(cast(Any, app), "interactions", process.users, process.worker.finish, errors.append)
            slow = process.worker._producer = cast(Any, SlowProducer(river.kafka))
            slow.may_write, slow.waits = asyncio.Event(), asyncio.Event()
            current = True
            runs = [Run(of_partition, lambda: current) for of_partition in river.interactions.fetch(100)]
            working = asyncio.create_task(process.worker.work(runs))
            await slow.waits.wait()
            current = False
            may_load = slow_loading(process.users)
            for partitions in (0, PARTITIONS):
                await app.on_partitions_revoked.send(None, set())
                assigned = {TP("interactions", p) for p in range(partitions)}
                await app.on_partitions_assigned.send(None, assigned)
                await turns()
            slow.may_write.set()
            await working
            may_load.set()
            await process.users.ready.wait()
            assert errors == []
            while again := river.interactions.fetch(100):
                await process.worker.work(again)
                river.interactions.ack(again)

    run(river, story)
    assert {user: state.applied_count for user, state in river.states().items()} == dict.fromkeys(users, 2)
    assert sum(learned.count for learned in river.learned().values()) == 2 * len(users)
    assert river.refused() == set()
