"""Who has been away for a day gets a list of today."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from streams import items_to_lists, stale_lists
from streams.clock import now_ms
from tests.flow.river import MemoryRiver, Recommend, run
from tests.flow.test_items_leave_lists import follow, put
from tests.flow.test_lists_from_events import encode_all, event, ids, recommend_all, send

HOUR_MS = 3_600_000


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    """One user comes and goes; then many have something new."""
    made = MemoryRiver(tmp_path)
    send(made, event("away", "old", 0))

    async def begin() -> None:
        await encode_all(made)
        await recommend_all(made)
        send(made, *(event(f"u{n}", "new", 1_000 + n) for n in range(30)))
        await recommend_all(made)
        made.kafka.now_ms += 5_000  # which closes their sets
        send(made, event("last", "else", 2_000))
        await recommend_all(made)

    run(made, begin)
    return made


async def turn(process: Recommend, hours: float) -> None:
    """Everything that is due so many hours from now."""
    with patch.object(stale_lists, "now_ms", return_value=now_ms() + round(hours * HOUR_MS)):
        await process.stale.turn()


def test_a_list_is_made_again_once_it_is_a_day_old(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await follow(process)
            records = river.kafka.records("recommendations")
            before, states = river.lists(), river.kafka.newest("users")
            count = len(records)
            await turn(process, 23)
            assert len(river.kafka.records("recommendations")) == count
            await turn(process, 25)
            await turn(process, 25)
            assert len(river.kafka.records("recommendations")) == count + len(before)
        assert "new" not in [item.item_id for item in before["away"].items]
        assert "new" in ids(river, "away")
        after = river.lists()["away"]
        assert (after.cause.kind, after.through) == ("schedule", before["away"].through)
        assert after.list_id != before["away"].list_id
        assert river.kafka.newest("users") == states

    run(river, story)


def test_the_next_event_meets_the_list_that_was_made_again(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await follow(process)
            await turn(process, 25)
        listed = ids(river, "away")
        # Another process, which has only what is in the topics, knows it too.
        async with river.recommend() as process:
            await process.items.turn()
            send(river, event("away", "later", 5_000))
            await process.worker.work(river.interactions.fetch(10))
        assert river.states()["away"].standing == listed

    run(river, story)


def test_nothing_is_made_again_where_that_is_switched_off(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path, refresh_after_hours=0)
    send(river, event("away", "old", 0))

    async def story() -> None:
        await recommend_all(river)
        async with river.recommend() as process:
            await follow(process)
            count = len(river.kafka.records("recommendations"))
            await turn(process, 1_000)
            assert len(river.kafka.records("recommendations")) == count

    run(river, story)


def test_what_only_loses_items_becomes_old_all_the_same(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    for number in range(20):  # more than a list of ten and its reserve hold
        put(river, f"i{number}", {"title": f"Teapot {number}"})

    async def story() -> None:
        await encode_all(river)
        send(river, event("away", "i0", 0))
        await recommend_all(river)
        async with river.recommend() as process:
            await follow(process)
            made, gone = river.lists()["away"], ids(river, "away")[0]
            river.produce("items", None, 0, gone)
            with patch.object(items_to_lists, "now_ms", return_value=now_ms() + 23 * HOUR_MS):
                await follow(process)
            left = river.lists()["away"]
            assert (left.cause.kind, left.cause.event_id) == ("item", gone)
            assert left.generated_ms == made.generated_ms
            await turn(process, 25)
        assert river.lists()["away"].cause.kind == "schedule"

    run(river, story)


def test_a_share_of_the_time_that_lists_take_goes_to_them_not_of_the_time_that_kafka_takes(
    river: MemoryRiver,
) -> None:
    clock, slept_s = SimpleNamespace(now_s=100.0), list[float]()

    async def note(seconds: float) -> None:
        slept_s.append(seconds)

    async def story() -> None:
        async with river.recommend() as process:
            await follow(process)
            deliver, make = process.producer.deliver, process.lists.published_again

            async def slowly(*args: Any) -> None:  # noqa: ANN401  # as the producer's
                clock.now_s += 60
                await deliver(*args)

            def taking_two_seconds(*args: Any) -> Any:  # noqa: ANN401  # as the list maker's
                clock.now_s += 2
                return make(*args)

            process.producer.deliver = slowly  # type: ignore[method-assign, assignment]
            process.lists.published_again = taking_two_seconds  # type: ignore[method-assign, assignment]
            with (
                patch("streams.stale_lists.asyncio", SimpleNamespace(sleep=note)),
                patch("streams.stale_lists.time", SimpleNamespace(perf_counter=lambda: clock.now_s)),
            ):
                await turn(process, 25)

    run(river, story)
    # A tenth of the time is two seconds of twenty; 32 users' lists are made eight at once.
    assert slept_s == [18.0] * 4
