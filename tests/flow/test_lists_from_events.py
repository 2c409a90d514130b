"""Events and media in, lists out: every role's work in turn, on Kafka in memory."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from streams.event_ids import event_hash
from streams.topics import home_partition
from tests.flow.river import PARTITIONS, MemoryRiver, run


def event(user_id: str, item_id: str, number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    made = {"event_id": f"e{number}", "user_id": user_id, "item_id": item_id, "action": "click"}
    return made | {"timestamp_ms": 1_600_000_000_000 + number * 1_000} | more


def send(river: MemoryRiver, *events: dict[str, Any]) -> None:
    for made in events:
        river.produce("interactions", made, home_partition(made["user_id"], PARTITIONS))


async def encode_all(river: MemoryRiver) -> None:
    async with river.encode() as worker:
        while runs := river.media.fetch(10):
            await worker.work(runs)
            river.media.ack(runs)


async def recommend_all(river: MemoryRiver) -> None:
    async with river.recommend() as process:
        while runs := river.interactions.fetch(10):
            await process.worker.work(runs)
            river.interactions.ack(runs)


def ids(river: MemoryRiver, user_id: str) -> list[str]:
    return [item.item_id for item in river.lists()[user_id].items]


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    return MemoryRiver(tmp_path)


def test_what_others_did_next_comes_first_in_the_list(river: MemoryRiver) -> None:
    pairs = [event(f"u{n}", item, n * 10 + i) for n in range(20) for i, item in enumerate("abc"[: 2 + n % 2])]
    send(river, *pairs)
    run(river, lambda: recommend_all(river))
    send(river, event("new", "a", 1_000))
    run(river, lambda: recommend_all(river))
    found = river.lists()["new"]
    assert found.items[0].item_id == "b"
    assert [item.rank for item in found.items] == [1, 2]
    assert found.items[0].reasons[0].item_id == "a"
    assert (found.cause.kind, found.cause.event_id) == ("interaction", "e1000")
    home = home_partition("new", PARTITIONS)
    last = river.kafka.logs["interactions", home][-1].offset
    assert (found.through.partition, found.through.offset, found.through.index) == (home, last, 0)


def test_several_events_of_one_user_in_a_batch_make_one_list(river: MemoryRiver) -> None:
    send(river, *(event("u", f"i{n}", n) for n in range(5)))
    run(river, lambda: recommend_all(river))
    assert len(river.kafka.records("recommendations")) == 1
    assert river.lists()["u"].through.offset == 4


def test_the_oldest_unanswered_event_ages_until_its_list_is_written(river: MemoryRiver) -> None:
    send(river, event("u", "i", 1))
    ages: list[float] = []

    async def story() -> None:
        async with river.recommend() as process:
            process.users.ready.clear()
            work = asyncio.create_task(process.worker.work(river.interactions.fetch(10)))
            await asyncio.sleep(0.02)
            ages.append(process.worker.oldest_unanswered_s())
            process.users.ready.set()
            await work
            ages.append(process.worker.oldest_unanswered_s())

    run(river, story)
    assert ages[0] > 0
    assert ages[1] == 0


def test_an_item_nobody_touched_is_listed_once_its_document_is_there(river: MemoryRiver) -> None:
    river.produce("media", {"item_id": "fresh", "title": "Blue enamel teapot"}, home_partition("fresh", 4))

    async def story() -> None:
        await encode_all(river)
        send(river, event("u", "seen", 1))
        await recommend_all(river)

    run(river, story)
    assert "fresh" in ids(river, "u")


@pytest.mark.parametrize(
    "change",
    [{"available": False}, {"expires_ms": 1}, {"available_from_ms": 4_000_000_000_000}, None],
    ids=["unavailable", "expired", "not yet", "deleted"],
)
def test_what_may_not_be_listed_is_in_no_new_list(river: MemoryRiver, change: dict[str, Any] | None) -> None:
    home = home_partition("i", 4)
    river.produce("media", {"item_id": "i", "title": "Teapot"}, home)
    send(river, event("other", "i", 0), event("other", "j", 1), event("u", "j", 2))

    async def story() -> None:
        await encode_all(river)
        await recommend_all(river)
        await recommend_all(river)
        send(river, event("u", "k", 3))
        await recommend_all(river)
        assert "i" in ids(river, "u")
        river.produce("media", None if change is None else {"item_id": "i"} | change, home, key="i")
        await encode_all(river)
        send(river, event("u", "l", 4))
        await recommend_all(river)
        assert "i" not in ids(river, "u")
        # Nobody is kept from bringing it back.
        back = {"item_id": "i", "available": True, "expires_ms": None, "available_from_ms": None}
        river.produce("media", back, home)
        await encode_all(river)
        send(river, event("u", "m", 5))
        await recommend_all(river)
        assert "i" in ids(river, "u")

    run(river, story)


def test_the_learners_vectors_bring_alike_items_to_the_fore(river: MemoryRiver) -> None:
    for item_id, title in (
        ("pot", "blue enamel teapot"),
        ("twin", "blue enamel teapot, large"),
        ("car", "racing car"),
    ):
        river.produce("media", {"item_id": item_id, "title": title}, home_partition(item_id, 4))

    async def story() -> None:
        await encode_all(river)
        async with river.learn() as learner:
            for record in river.kafka.records("embeddings"):
                key, value = record.key or b"", record.value
                learner._vectors._take(_as_read(key, value))
            await learner._vectors._publish(1, lambda: True)
        send(river, event("u", "pot", 1))
        await recommend_all(river)

    run(river, story)
    place = next(item for item in river.lists()["u"].items if item.item_id == "twin")
    assert (place.source, place.reasons[0].item_id) == ("content", "pot")


def _as_read(key: bytes, value: bytes | None) -> Any:  # noqa: ANN401  # a follower's record
    from streams.follower import Record

    return Record(0, 0, key, value, 0, {})


def test_a_retry_counts_once_and_learned_equals_applied(river: MemoryRiver) -> None:
    first, second = event("u", "a", 1), event("u", "b", 2)
    send(river, first, second, first)
    run(river, lambda: recommend_all(river))
    state, learned = river.states()["u"], river.learned()[home_partition("u", PARTITIONS)]
    assert (state.applied_count, state.applied_xor) == (2, event_hash("e1") ^ event_hash("e2"))
    assert (learned.count, learned.xor) == (2, state.applied_xor)
