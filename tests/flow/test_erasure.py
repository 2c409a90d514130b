"""Somebody is forgotten: whoever ends when, nothing before the erasure comes back, and what comes later is new."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from online.sets import SetGrouper
from streams import metrics
from streams.events import Receipt
from streams.examples_to_model import ExamplesToModel
from streams.stores.snapshots import SnapshotStore
from streams.topics import home_partition
from tests.flow.memory import Crash
from tests.flow.river import PARTITIONS, MemoryRiver, Recommend, run

HOME = home_partition("a", PARTITIONS)


def click(river: MemoryRiver, user_id: str, *items: str) -> None:
    for number, item_id in enumerate(items):
        event = {"user_id": user_id, "item_id": item_id, "action": "click", "timestamp_ms": number * 1_000}
        river.produce("interactions", event, home_partition(user_id, PARTITIONS))


def ask(river: MemoryRiver, user_id: str = "a", request_id: str = "r") -> None:
    river.produce("erasures", {"user_id": user_id, "request_id": request_id}, key=user_id)


async def work_events(river: MemoryRiver, worker: Recommend) -> None:
    while runs := river.interactions.fetch(100):
        await worker.worker.work(runs)
        river.interactions.ack(runs)


async def erase(river: MemoryRiver, worker: Recommend) -> None:
    runs = river.erasures.fetch(100)
    await worker.erasing.work(runs)
    river.erasures.ack(runs)


async def learn(river: MemoryRiver, learner: ExamplesToModel) -> None:
    await river.learn_all(learner)
    await learner.save()


def receipts(river: MemoryRiver) -> list[Receipt]:
    records = river.kafka.records("erasure-receipts")
    return [msgspec.json.decode(r.value or b"", type=Receipt) for r in records]


def named_in_store(river: MemoryRiver, user_id: str) -> list[str]:
    return [
        found.name
        for found in SnapshotStore(river.settings).listed(["sets"])
        if user_id in SetGrouper.users_of(found.arrays["sets"].tobytes())
    ]


def test_nothing_of_the_user_is_left_and_the_others_stay(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    click(river, "a", "1", "2", "3")
    click(river, "b", "1", "2")

    async def story() -> None:
        async with river.recommend() as worker, river.learn() as learner:
            await work_events(river, worker)
            await learn(river, learner)
            assert named_in_store(river, "a")
            ask(river)
            await erase(river, worker)
            assert "a" not in river.lists()
            assert not worker.published.holds("a")
            await learn(river, learner)
            assert not any(holds("a") for holds in learner.holders().values())
            assert not named_in_store(river, "a")
            assert {"b"} == river.lists().keys()
            assert river.states()["b"].applied_count == 2

    run(river, story)
    stub = river.states()["a"]
    assert (stub.is_stub, stub.history, stub.had, stub.current) == (True, [], {}, [])
    assert stub.cursor is not None
    assert stub.cursor.offset == len(river.kafka.logs["interactions", HOME]) - 1
    (receipt,) = receipts(river)
    assert (receipt.user_id, receipt.request_id) == ("a", "r")
    counts = {name: count for name, count in receipt.erased.items() if isinstance(count, int)}
    assert counts == {
        "users": 1,
        "recommendations": 1,
        "examples": 3,
        "open_examples": 1,
        "replay": 0,
        "snapshots": 1,
    }
    assert receipt.broker_retention_until_ms == max(v for v in receipt.held_until_ms.values() if v)


def test_what_lies_before_the_erasure_brings_nobody_back_and_what_comes_later_is_a_new_user(
    tmp_path: Path,
) -> None:
    river = MemoryRiver(tmp_path)
    click(river, "a", "1", "2")

    async def story() -> None:
        async with river.recommend() as worker:
            await work_events(river, worker)
            click(river, "a", "3")  # waits in the partition when the erasure is worked
            ask(river)
            await erase(river, worker)
            river.interactions.committed = dict.fromkeys(range(PARTITIONS), 0)
            await work_events(river, worker)
            assert "a" not in river.lists()
            assert river.states()["a"].is_stub
            click(river, "a", "9")
            await work_events(river, worker)
            assert "a" in river.lists()

    run(river, story)
    state = river.states()["a"]
    assert (state.applied_count, [past.item_id for past in state.open]) == (1, ["9"])
    examples = [e for log_run in river.runs() for e in log_run.examples]
    assert [(e.item_id, e.history) for e in examples][-1] == ("9", [])
    assert "3" not in {e.item_id for e in examples}


@pytest.mark.parametrize("crash_after", range(4))
def test_an_erasure_that_is_cut_off_anywhere_is_done_once_for_all_that_count(
    tmp_path: Path, crash_after: int
) -> None:
    """The messages are the list's tombstone, the stub, the marker."""
    river = MemoryRiver(tmp_path)
    click(river, "a", "1", "2")
    click(river, "b", "1")

    async def story() -> None:
        async with river.recommend() as worker:
            await work_events(river, worker)
        ask(river)
        try:
            async with river.recommend(crash_after) as worker:
                await worker.erasing.work(river.erasures.fetch(100))
                raise Crash  # done, and not acknowledged
        except Crash:
            pass
        stub_was_written = river.states()["a"].is_stub
        assert stub_was_written == (crash_after >= 2)
        async with river.recommend() as worker, river.learn() as learner:
            click(river, "a", "9")
            await work_events(river, worker)
            await erase(river, worker)
            await learn(river, learner)
            # Who came back after the stub was written is not erased by the erasure that comes again.
            state = worker.users.look("a", HOME)
            assert (state.applied_count, "a" in river.lists()) == (
                (1, True) if stub_was_written else (0, False)
            )
            applied = sum(s.applied_count for s in river.states().values())
            learned = sum(row.count for row in learner.learned())
            assert applied == learned

    run(river, story)
    assert {receipt.request_id for receipt in receipts(river)} == {"r"}


def test_the_stub_goes_once_everything_before_it_is_committed_and_a_frozen_owner_is_done(
    tmp_path: Path,
) -> None:
    river = MemoryRiver(tmp_path)
    click(river, "a", "1")
    place = ("interactions", HOME), ("erasures", HOME)

    async def story() -> None:
        async with river.recommend() as worker:
            await work_events(river, worker)
            ask(river)
            await erase(river, worker)
            later_s = 2 * river.settings.session_timeout_s
            await worker.erasing.give_up_stubs(0.0)
            await worker.erasing.give_up_stubs(later_s)
            assert "a" in river.states()
            river.kafka.committed = dict.fromkeys(place, 1)
            await worker.erasing.give_up_stubs(later_s - 0.1)
            assert "a" in river.states()
            await worker.erasing.give_up_stubs(later_s)
            assert "a" not in river.states()
            assert not worker.users.holds("a")
        async with river.recommend() as worker:
            assert not worker.users.holds("a")

    run(river, story)


def test_a_user_who_is_back_is_not_given_up(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)

    async def story() -> None:
        async with river.recommend() as worker:
            ask(river)
            await erase(river, worker)
            await worker.erasing.give_up_stubs(0.0)
            click(river, "a", "1")
            await work_events(river, worker)
            river.kafka.committed = {("interactions", HOME): 1, ("erasures", HOME): 1}
            await worker.erasing.give_up_stubs(1e9)

    run(river, story)
    assert river.states()["a"].applied_count == 1


def test_a_learner_that_ends_before_the_receipt_leaves_it_to_the_next(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    click(river, "a", "1")
    click(river, "b", "1")

    async def story() -> None:
        async with river.recommend() as worker:
            await work_events(river, worker)
            ask(river)
            ask(river, "b", "s")
            await erase(river, worker)
        # It publishes two records when it takes over, and then writes one of the two receipts.
        with pytest.raises(Crash):
            async with river.learn(3) as learner:
                await learner.save()
        assert not named_in_store(river, "a")
        async with river.learn() as learner:
            await learner.save()
            assert [row.count for row in learner.learned() if row.count] == []
            await learner.save()

    run(river, story)
    assert [r.request_id for r in receipts(river)].count("r") >= 1
    assert {r.request_id for r in receipts(river)} == {"r", "s"}
    assert len(receipts(river)) == 3


def test_astray_and_malformed_erasures(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    astray = (HOME + 1) % PARTITIONS
    river.produce("erasures", {"user_id": "a", "request_id": "r"}, astray)
    river.produce("erasures", {"user_id": "a"}, HOME)

    async def story() -> None:
        async with river.recommend() as worker:
            await erase(river, worker)
            assert "a" not in river.states()
            await erase(river, worker)

    run(river, story)
    assert river.states()["a"].is_stub
    assert river.refused() == {(HOME, 0, 0, "invalid")}


def test_an_erasure_of_a_newer_schema_is_done_and_counted(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    counter = metrics.NEWER_SCHEMA.labels(topic="erasures")
    before = counter._value.get()
    river.produce("erasures", {"user_id": "a", "request_id": "r", "schema_version": 2, "why": "asked"}, HOME)

    async def story() -> None:
        async with river.recommend() as worker:
            await erase(river, worker)

    run(river, story)
    assert river.states()["a"].is_stub
    assert counter._value.get() == before + 1


def test_an_old_owners_late_state_and_list_do_not_bring_the_user_back(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    click(river, "a", "1")

    async def story() -> None:
        async with river.recommend() as worker:
            await work_events(river, worker)
            late = [river.kafka.records(topic)[-1] for topic in ("recommendations", "users")]
            ask(river)
            await erase(river, worker)
            for record in late:
                river.produce(record.topic, record.value, HOME, "a")
            while not worker.users.overwritten:
                await asyncio.sleep(0)
            await worker.worker.work([])

    run(river, story)
    assert river.states()["a"].is_stub
    assert "a" not in river.lists()


@pytest.mark.parametrize("crash_after", [1, 2, 3, 4])
def test_who_is_erased_twice_at_once_is_counted_out_once_whatever_crashes(
    tmp_path: Path, crash_after: int
) -> None:
    river = MemoryRiver(tmp_path)
    click(river, "a", "1", "2", "3")

    async def story() -> None:
        async with river.recommend() as worker:
            await work_events(river, worker)
        ask(river, request_id="r1")
        ask(river, request_id="r2")
        with pytest.raises(Crash):
            async with river.recommend(crash_after) as worker:
                await erase(river, worker)
        async with river.recommend() as worker:
            await erase(river, worker)
        async with river.learn() as learner:
            await learn(river, learner)
            assert [learned.count for learned in learner.learned()] == [0]
        removed = {receipt.request_id: receipt.erased["examples"] for receipt in receipts(river)}
        assert removed == {"r1": 3, "r2": 0}

    run(river, story)
