"""A rebalance comes while a batch is written: what comes of the events is as if none had."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from faust.types import TP

from streams import interactions_to_lists, ownership
from streams.follower import Handler
from streams.ownership import Ownership
from streams.producer import Outgoing
from streams.runs import Run
from streams.stores.users import UserStore
from tests.flow.memory import MemoryKafka, MemoryProducer
from tests.flow.river import PARTITIONS, MemoryRiver, run
from tests.flow.test_lists_from_events import encode_all, event, recommend_all, send
from tests.streams.test_ownership import App, turns


class SlowProducer(MemoryProducer):
    """Writes when it is let to; what is empty is written at once."""

    def __init__(self, kafka: MemoryKafka) -> None:
        super().__init__(kafka)
        self.may_write, self.waits = asyncio.Event(), asyncio.Event()

    async def deliver(self, messages: Iterable[Outgoing], check: Callable[[], None]) -> None:
        if made := list(messages):
            self.waits.set()
            await self.may_write.wait()
        await super().deliver(made, check)


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


def describe(river: MemoryRiver, item_id: str, title: str) -> None:
    river.produce("media", {"item_id": item_id, "title": title}, key=item_id)


def titles(river: MemoryRiver) -> dict[str, str]:
    return {i: msgspec.json.decode(v)["title"] for i, v in river.kafka.newest("items").items()}


def test_media_that_outlast_a_rebalance_are_left_to_their_next_owner(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path, encode_batch_items=1)
    for item_id in "abc":
        describe(river, item_id, item_id)

    async def story() -> None:
        async with river.encode() as worker:
            slow = worker._producer = cast(Any, SlowProducer(river.kafka))
            current = True
            runs = [Run(of_partition, lambda: current) for of_partition in river.media.fetch(100)]
            working = asyncio.create_task(worker.work(runs))
            await slow.waits.wait()
            current = False
            slow.may_write.set()
            await working

    run(river, story)
    assert len(titles(river)) == 1
    run(river, lambda: encode_all(river))
    assert titles(river) == {"a": "a", "b": "b", "c": "c"}


def test_what_a_former_owner_wrote_late_of_an_item_is_written_over(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    for item_id, *texts in (("changed", "one", "two"), ("as it is", "one", "two"), ("gone", "one", None)):
        for text in texts:
            if text is None:
                river.produce("media", None, key=item_id)
            else:
                describe(river, item_id, text)
            run(river, lambda: encode_all(river))
    late = [
        r
        for r in river.kafka.records("items")
        if r.key in {b"changed", b"gone"} and b"one" in (r.value or b"")
    ]
    assert len(late) == 2
    for r in late:
        river.kafka.append(Outgoing("items", r.key, r.value, r.partition, headers=list(r.headers)))
    assert titles(river) == {"changed": "one", "as it is": "two", "gone": "one"}

    async def story() -> None:
        async with river.encode() as worker:
            assert worker._store.overtaken.keys() == {"changed", "gone"}
            await worker.refresh(list(worker._store.overtaken.items()))

    run(river, story)
    assert titles(river) == {"changed": "two", "as it is": "two"}


def test_what_is_to_be_published_again_waits_for_documents_that_are_loading(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    describe(river, "a", "one")
    run(river, lambda: encode_all(river))

    async def story() -> None:
        async with river.encode() as worker:
            before = len(river.kafka.records("items"))
            worker._store.ready.clear()
            partition = river.kafka.records("items")[0].partition
            publishing = asyncio.create_task(worker.refresh([("a", partition)]))
            await turns()
            assert len(river.kafka.records("items")) == before
            worker._store.ready.set()
            await publishing
            assert len(river.kafka.records("items")) == before + 1

    run(river, story)
