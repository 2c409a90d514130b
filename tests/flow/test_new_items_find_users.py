"""A new item comes: the users whose list it belongs in get it at once, and nobody else gets a list."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from streams.clock import now_ms
from streams.events import Cause, ItemDocument
from streams.lists import Asked
from streams.model_to_lists import to_item
from streams.newcomers import Search
from streams.producer import Outgoing
from streams.publications import ITEM_PREFIX, ItemVector, Spaces, encode_spaces, encode_vector
from streams.stores.lists import Published
from tests.flow.river import MemoryRiver, Recommend, run
from tests.flow.test_items_leave_lists import follow
from tests.flow.test_lists_from_events import event, ids, send

USERS = 400
TASTES = 8
"""Of equally many users, over 30 items each."""
ITEMS = 240
DIM = 64
CENTRES = np.linalg.qr(np.random.default_rng(5).standard_normal((DIM, TASTES)))[0].T


def vector(number: int, taste: int, spread: float = 0.07) -> np.ndarray:
    made: np.ndarray = CENTRES[taste] + spread * np.random.default_rng(number).standard_normal(DIM)
    return np.asarray(made / np.linalg.norm(made), np.float16)


def publish(river: MemoryRiver, item_id: str, made: np.ndarray, generation: int = 0) -> None:
    row = encode_vector(ItemVector(1, made.tobytes(), generation, river.kafka.now_ms))
    river.kafka.append(Outgoing("model", ITEM_PREFIX + item_id.encode(), row, 0))


def taste_of(user: int) -> int:
    return user % TASTES


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    """Users whose lists come from content: every event is about another item of their taste."""
    made = MemoryRiver(tmp_path)
    for number in range(ITEMS):
        publish(made, f"i{number}", vector(number, number % TASTES))
    rng = np.random.default_rng(1)
    for user in range(USERS):
        for order in range(3):
            item = int(rng.integers(ITEMS // TASTES)) * TASTES + taste_of(user)
            send(made, event(f"u{user}", f"i{item}", user * 10 + order))

    async def begin() -> None:
        async with made.recommend() as process:
            while runs := made.interactions.fetch(50):
                await process.worker.work(runs)
                made.interactions.ack(runs)

    run(made, begin)
    return made


def truth(process: Recommend, river: MemoryRiver, item_id: str) -> set[str]:
    """Whose list would have the item if it were made now."""
    cause = Cause("schedule", "", "", 0, 0, 0)
    made = {
        user_id: process.lists.published(state, cause, 2**41) for user_id, state in river.states().items()
    }
    return {user_id for user_id, found in made.items() if item_id in found.item_ids}


def having(river: MemoryRiver, item_id: str) -> set[str]:
    return {user_id for user_id in river.lists() if item_id in ids(river, user_id)}


async def ready(process: Recommend) -> None:
    """Takes in the statistics and what tastes users have."""
    await follow(process)
    while len(process.published.tastes.unknown(process.published.end)):
        await process.newcomers.turn()


def test_it_is_in_the_lists_that_it_belongs_in(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await ready(process)
            before = len(river.kafka.records("recommendations"))
            publish(river, "new", vector(9_999, 3, 0.01))
            await follow(process)
            await process.newcomers.turn()
            wanted, found = truth(process, river, "new"), having(river, "new")
            assert len(wanted) >= 40, (len(wanted), len(found))
            assert len(wanted & found) >= 0.9 * len(wanted)
            # Nothing was published in vain.
            assert len(river.kafka.records("recommendations")) - before == len(found)
        lists = river.lists()
        for user_id in found:
            cause, state = lists[user_id].cause, river.states()[user_id]
            assert (cause.kind, cause.event_id, cause.topic, cause.timestamp_ms) == (
                "item", "new", "model", river.kafka.now_ms,
            )  # fmt: skip
            assert state.cursor is not None
            assert lists[user_id].through.offset == state.cursor.offset
            assert len(set(ids(river, user_id))) == len(ids(river, user_id)) == 10

    run(river, story)


def test_an_item_for_nobody_costs_a_few_lists(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await ready(process)
            made = 0
            published_each = process.lists.published_each

            def counting(asked: Sequence[Asked], wall_ms: int) -> Sequence[Published | None]:
                nonlocal made
                made += len(asked)
                return published_each(asked, wall_ms)

            process.lists.published_each = counting  # type: ignore[method-assign, assignment]
            # As near to everybody's taste, and nearer to none than what they have.
            publish(river, "dull", (CENTRES.sum(axis=0) / np.sqrt(TASTES)).astype(np.float16))
            await follow(process)
            await process.newcomers.turn()
            assert 0 < made < USERS / 2

    run(river, story)
    assert having(river, "dull") == set()


def test_a_vector_that_moves_a_little_is_no_new_item_and_another_modality_is(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await ready(process)
            publish(river, "new", vector(9_999, 3, 0.01))
            await follow(process)
            assert process.changes.take_come().keys() == {"new"}
            publish(river, "new", vector(9_999, 3, 0.01) + np.float16(0.001))
            await follow(process)
            assert process.changes.take_come() == {}
            publish(river, "new", vector(9_999, 4, 0.01))
            await follow(process)
            assert process.changes.take_come().keys() == {"new"}

    run(river, story)


def test_a_generation_of_vectors_makes_no_item_new_and_every_taste_unknown(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await ready(process)
            for number in range(ITEMS):
                publish(river, f"i{number}", vector(number, (number + 1) % TASTES), generation=1)
            river.kafka.append(
                Outgoing("model", b"spaces", encode_spaces(Spaces(1, 1, {"text": "other"})), 0)
            )
            await follow(process)
            assert process.changes.take_come() == {}
            await process.newcomers.turn()
            assert 0 < len(process.published.tastes.unknown(process.published.end)) < USERS
            await ready(process)
            publish(river, "new", vector(9_999, 4, 0.01), generation=1)
            await follow(process)
            await process.newcomers.turn()
            wanted = truth(process, river, "new")
            assert len(wanted & having(river, "new")) >= 0.9 * len(wanted) > 0

    run(river, story)


def test_what_becomes_available_again_finds_its_users(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            process.lists.recommender.put_item(to_item(ItemDocument("new", available=False)))
            await ready(process)
            publish(river, "new", vector(9_999, 3, 0.01))
            await follow(process)
            await process.newcomers.turn()
            assert having(river, "new") == set()
            process.lists.recommender.put_item(to_item(ItemDocument("new")))
            process.changes.come(Cause("item", "new", "items", 0, 0, 5))
            await process.newcomers.turn()
            wanted = truth(process, river, "new")
            assert len(wanted & having(river, "new")) >= 0.9 * len(wanted) > 0

    run(river, story)


def test_items_without_vectors_fill_the_lists_that_have_room(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    send(river, event("early", "had", 1))

    async def story() -> None:
        async with river.recommend() as process:
            await process.worker.work(river.interactions.fetch(100))
            process.published.begin(process.users.partitions)
            await process.published.read(process.users.loads)
            await follow(process)
            for wanted in ({"a"}, {"a", "b", "c"}):
                for item_id in wanted:
                    river.produce("items", ItemDocument(item_id), 0, item_id)
                await follow(process)
                await process.newcomers.turn()
                assert set(ids(river, "early")) - {"had"} == wanted
                assert river.lists()["early"].cause.kind == "item"

    run(river, story)


def test_a_vector_that_comes_after_the_list_tells_the_taste_too(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            send(river, event("late", "unheard", 99_000))
            await process.worker.work(river.interactions.fetch(100))
            await ready(process)
            publish(river, "unheard", vector(8_888, 2, 0.01))
            await follow(process)
            while process.newcomers._may_have_changed or process.newcomers._next < process.published.end:
                await process.newcomers.turn()
            publish(river, "new", vector(9_999, 2, 0.01))
            await follow(process)
            await process.newcomers.turn()
            assert "late" in truth(process, river, "new") & having(river, "new")

    run(river, story)


def test_nothing_is_new_for_having_been_available_for_long_nor_for_a_late_event(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    hour_ago_ms = now_ms() - 3_600_000
    for number in range(20):
        river.produce("items", ItemDocument(f"i{number}", available_from_ms=hour_ago_ms), 0, f"i{number}")

    async def story() -> None:
        async with river.recommend() as process:
            await follow(process)
            process.changes.take_come()
            await process.items.turn()
            assert process.changes.waiting() == 0
            for number in range(3):
                send(river, event("u", f"i{number}", number))
                runs = river.interactions.fetch(10)
                await process.worker.work(runs)
                river.interactions.ack(runs)
                await process.items.turn()
                assert process.changes.take_come() == {}

    run(river, story)


def test_an_item_that_comes_while_others_leave_finds_its_users_too(river: MemoryRiver) -> None:
    users = [f"u{user}" for user in range(3, USERS, TASTES)]

    async def story() -> None:
        async with river.recommend() as process:
            await ready(process)
            publish(river, "new", vector(9_999, 3, 0.01))
            await follow(process)
            search = Search(process.changes.take_come(), now_ms(), iter(users))
            await asyncio.sleep(0.01)
            for item_id in {ids(river, user_id)[0] for user_id in users}:
                process.lists.recommender.delete_item(item_id)
                process.changes.gone(Cause("item", item_id, "items", 0, 0, now_ms()))
            await process.items.turn()  # between two turns of the search
            while search.patience > 0:
                await process.producer.deliver(process.newcomers._lists_with(search), lambda: None)
            wanted = truth(process, river, "new")
            assert len(wanted & having(river, "new")) >= 0.9 * len(wanted) > 0

    run(river, story)
