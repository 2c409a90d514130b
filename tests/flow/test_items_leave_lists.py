"""An item goes: every published list that holds it is published again without it, and nothing else is."""

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from streams import items_to_lists
from streams.topics import home_partition
from tests.flow.memory import Crash
from tests.flow.river import PARTITIONS, MemoryRiver, Recommend, run
from tests.flow.test_lists_from_events import encode_all, event, ids, recommend_all, send

USERS = [f"u{n}" for n in range(6)]
CATALOGUE = 20
"""More than a list of ten and its reserve hold."""
GONE: list[tuple[str, dict[str, Any] | None]] = [
    ("deleted", None),
    ("unavailable", {"available": False}),
    ("expired", {"expires_ms": 1}),
    ("not yet", {"available_from_ms": 4_000_000_000_000}),
]


def put(river: MemoryRiver, item_id: str, fields: dict[str, Any] | None) -> None:
    value = None if fields is None else {"item_id": item_id} | fields
    river.produce("media", value, home_partition(item_id, 4), key=item_id)


async def follow(process: Recommend) -> None:
    """Takes in what is new of items, and then changes lists."""
    following = asyncio.create_task(process.model.follow())
    for _ in range(20):
        await asyncio.sleep(0)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await process.items.turn()


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    """Everybody's list holds `i0`, which they had."""
    made = MemoryRiver(tmp_path)
    for n in range(CATALOGUE):
        put(made, f"i{n}", {"title": f"Teapot {n}"})
    for number, user_id in enumerate(USERS):
        send(made, event(user_id, "i0", number * 10), event(user_id, "i1", number * 10 + 1))

    async def begin() -> None:
        await encode_all(made)
        await recommend_all(made)
        send(made, *(event(user_id, "i2", 900 + number) for number, user_id in enumerate(USERS)))
        await recommend_all(made)

    run(made, begin)
    assert all("i0" in ids(made, user_id) for user_id in USERS)
    return made


def lists_of(river: MemoryRiver, user_id: str) -> int:
    return sum(record.key == user_id.encode() for record in river.kafka.records("recommendations"))


@pytest.mark.parametrize("fields", [fields for _, fields in GONE], ids=[name for name, _ in GONE])
def test_it_leaves_every_list_at_once(river: MemoryRiver, fields: dict[str, Any] | None) -> None:
    before = river.lists()

    async def story() -> None:
        async with river.recommend() as process:
            await process.items.turn()
            put(river, "i0", fields)
            await encode_all(river)
            await follow(process)
            await follow(process)

    run(river, story)
    for user_id, found in river.lists().items():
        listed, stood = ids(river, user_id), [item.item_id for item in before[user_id].items]
        assert listed[:9] == [item_id for item_id in stood if item_id != "i0"]
        assert len(set(listed)) == 10
        assert [item.rank for item in found.items] == list(range(1, 11))
        assert (found.cause.kind, found.cause.event_id, found.cause.topic) == ("item", "i0", "items")
        assert found.through == before[user_id].through
        assert lists_of(river, user_id) == 3


def test_time_alone_takes_an_item_out(river: MemoryRiver) -> None:
    end_ms = 4_000_000_000_000
    put(river, "i0", {"expires_ms": end_ms})

    async def story() -> None:
        await encode_all(river)
        async with river.recommend() as process:
            with patch.object(items_to_lists, "now_ms", return_value=end_ms - 1):
                await process.items.turn()
            assert "i0" in ids(river, "u0")
            with patch.object(items_to_lists, "now_ms", return_value=end_ms):
                await process.items.turn()

    run(river, story)
    assert not [user_id for user_id in USERS if "i0" in ids(river, user_id)]
    assert river.lists()["u0"].cause.timestamp_ms == end_ms


def test_what_went_while_no_worker_ran_leaves_at_the_next_start(river: MemoryRiver) -> None:
    async def story() -> None:
        put(river, "i0", None)
        await encode_all(river)
        async with river.recommend() as process:
            await process.items.turn()
            await process.items.turn()

    run(river, story)
    assert not [user_id for user_id in USERS if "i0" in ids(river, user_id)]
    assert {lists_of(river, user_id) for user_id in USERS} == {3}


def test_more_than_the_reserve_holds_is_ranked_anew(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await process.items.turn()
            for item_id in ids(river, "u0")[:8]:
                put(river, item_id, {"available": False})
            await encode_all(river)
            await follow(process)

    before = river.lists()["u0"]
    run(river, story)
    assert set(ids(river, "u0")).isdisjoint(item.item_id for item in before.items[:8])
    assert len(ids(river, "u0")) == 10
    assert river.lists()["u0"].list_id != before.list_id


def test_what_stood_before_the_next_event_is_the_changed_list(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await process.items.turn()
            put(river, "i0", None)
            await encode_all(river)
            await follow(process)
        changed = ids(river, "u0")
        # Another process, which has only what is in the topics, knows it too.
        async with river.recommend() as process:
            await process.items.turn()
            send(river, event("u0", "i3", 2_000))
            await process.worker.work(river.interactions.fetch(10))
        assert river.states()["u0"].standing == changed

    run(river, story)


def test_no_list_is_changed_of_a_partition_that_was_let_go_of(river: MemoryRiver) -> None:
    kept = home_partition("u0", PARTITIONS)

    async def story() -> None:
        async with river.recommend() as process:
            await process.items.turn()
            await process.users.load({kept})
            put(river, "i0", None)
            await encode_all(river)
            await follow(process)

    run(river, story)
    for user_id in USERS:
        assert ("i0" in ids(river, user_id)) == (home_partition(user_id, PARTITIONS) != kept)


@pytest.mark.parametrize("crash_after", range(7))
def test_a_crash_on_the_way_loses_no_change(river: MemoryRiver, crash_after: int) -> None:
    async def story() -> None:
        put(river, "i0", None)
        await encode_all(river)
        with pytest.raises(Crash) if crash_after < len(USERS) else nullcontext():
            async with river.recommend(crash_after) as process:
                await process.items.turn()
        async with river.recommend() as process:
            await process.items.turn()

    run(river, story)
    assert not [user_id for user_id in USERS if "i0" in ids(river, user_id)]
    assert {lists_of(river, user_id) for user_id in USERS} == {3}
