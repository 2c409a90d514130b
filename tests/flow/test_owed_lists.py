"""In a backlog states go on and lists are owed; whoever owns the users makes them afterwards."""

from pathlib import Path

import pytest

from streams import metrics
from streams.hurry import BEHIND_EVENTS
from streams.topics import home_partition
from tests.flow.memory import Crash
from tests.flow.river import PARTITIONS, MemoryRiver, Recommend, run
from tests.flow.test_erasure import ask, erase
from tests.flow.test_items_leave_lists import follow
from tests.flow.test_lists_from_events import event, ids, recommend_all, send

USERS = [f"u{number}" for number in range(100)]
EVENTS = 4 * BEHIND_EVENTS
"""Of which each partition has more than are worked at once."""


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    """All users have had many events while nobody worked."""
    made = MemoryRiver(tmp_path)
    send(made, *(event(USERS[n % 100], f"i{n % 7}", n) for n in range(EVENTS)))
    return made


async def work_all(river: MemoryRiver, process: Recommend) -> None:
    """One fetch, which is all there is."""
    runs = river.interactions.fetch(EVENTS)
    await process.worker.work(runs)
    river.interactions.ack(runs)


async def catch_up(process: Recommend) -> None:
    """Takes turns until nothing is owed."""
    await follow(process)
    await process.worker.turn()
    while process.users.owed:
        await process.worker.turn()


def lists_made(river: MemoryRiver) -> int:
    return len(river.kafka.records("recommendations"))


def assert_all_go_through_the_last_event(river: MemoryRiver) -> None:
    states, lists = river.states(), river.lists()
    assert sorted(lists) == sorted(states) == sorted(USERS)
    for user_id, state in states.items():
        assert state.cursor is not None
        assert lists[user_id].through.offset == state.cursor.offset


def test_a_backlog_is_worked_first_and_then_each_user_gets_one_list(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await work_all(river, process)
            assert lists_made(river) == 0
            assert sum(len(r.examples) for r in river.runs()) == EVENTS
            assert sum(state.applied_count for state in river.states().values()) == EVENTS
            assert process.worker.oldest_unanswered_s() > 0
            await catch_up(process)
            assert process.worker.oldest_unanswered_s() == 0
            assert lists_made(river) == len(USERS)
            cause = river.lists()["u99"].cause
            assert (cause.kind, cause.event_id) == ("interaction", f"e{EVENTS - EVENTS % 100 - 1}")
            assert_all_go_through_the_last_event(river)

    run(river, story)


def batches_finished() -> float:
    (histogram,) = metrics.BATCH_EVENTS.collect()
    labels = {"role": "recommend"}
    return sum(s.value for s in histogram.samples if s.name.endswith("_count") and s.labels == labels)


def test_lists_that_are_owed_are_no_batch_that_hangs(river: MemoryRiver) -> None:
    """The alert FreshetEventsUnanswered asks whether batches are finished; no event is applied meanwhile."""

    async def story() -> None:
        async with river.recommend() as process:
            await work_all(river, process)
            worked, applied = batches_finished(), metrics.APPLIED._value.get()
            await catch_up(process)
            assert batches_finished() > worked
            assert metrics.APPLIED._value.get() == applied

    run(river, story)


def test_who_has_an_event_after_the_backlog_has_a_list_at_once(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await work_all(river, process)
            send(river, event("u5", "later", EVENTS))
            runs = river.interactions.fetch(EVENTS)
            await process.worker.work(runs)
            assert list(river.lists()) == ["u5"]
            await catch_up(process)
            assert lists_made(river) == len(USERS)

    run(river, story)


def test_what_a_worker_owed_when_it_died_the_next_one_makes(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await work_all(river, process)
        with pytest.raises(Crash):
            async with river.recommend(crash_after=30) as process:
                await catch_up(process)
        async with river.recommend() as process:
            await catch_up(process)
            assert_all_go_through_the_last_event(river)
            count = lists_made(river)
            assert count <= len(USERS) + 30
        async with river.recommend() as process:
            await catch_up(process)
            assert lists_made(river) == count
            before = {user_id: ids(river, user_id) for user_id in USERS}
            send(river, *(event(user_id, "later", EVENTS + n) for n, user_id in enumerate(USERS)))
            await work_all(river, process)
        assert {user_id: state.standing for user_id, state in river.states().items()} == before

    run(river, story)


def test_a_list_that_a_former_owner_writes_late_is_made_again_by_the_next(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    send(river, event("u", "i1", 1))

    async def story() -> None:
        await recommend_all(river)
        late = river.kafka.records("recommendations")[-1]
        send(river, event("u", "i2", 2))
        await recommend_all(river)
        river.produce("recommendations", late.value, late.partition, "u")
        async with river.recommend() as process:
            await catch_up(process)
        assert river.lists()["u"].through.offset == 1
        assert river.lists()["u"].cause.kind == "schedule"

    run(river, story)


def test_who_is_erased_meanwhile_has_no_list(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await work_all(river, process)
            ask(river, "u5")
            await erase(river, process)
            assert not process.users.holds("u5")
            await catch_up(process)
            assert "u5" not in river.lists()
            assert lists_made(river) >= len(USERS) - 1

    run(river, story)


def test_users_who_go_to_another_worker_are_not_owed_anything_here(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await work_all(river, process)
            await process.users.load({0})
            await catch_up(process)
        assert {home_partition(user_id, PARTITIONS) for user_id in river.lists()} == {0}

    run(river, story)
