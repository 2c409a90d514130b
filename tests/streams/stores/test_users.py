import asyncio

from online.events import Cursor, Event
from online.state import UserState
from online.state_codec import pack
from streams.producer import Outgoing
from streams.stores.users import OWNER_HEADER, UserStore
from tests.flow.memory import MemoryKafka
from tests.streams.stores.memory_store import SETTINGS, state, user_store


def write(kafka: MemoryKafka, made: UserState | str, partition: int = 0, owner: bytes = b"other") -> None:
    """What a worker wrote; a bare id is a tombstone."""
    user_id, value = (made, None) if isinstance(made, str) else (made.user_id, pack(made))
    kafka.append(Outgoing("users", user_id.encode(), value, partition, headers=[(OWNER_HEADER, owner)]))


def offset_of(store: UserStore, user_id: str, partition: int = 0) -> int:
    cursor = store.get(user_id, partition).cursor
    return -1 if cursor is None else cursor.offset


def test_an_unknown_user_starts_empty_and_only_owned_partitions_count() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, state("a", 3))
    write(kafka, state("b", 4, partition=1), partition=1)

    async def story() -> None:
        with user_store(kafka) as store:
            assert not store.ready.is_set()
            await store.load({0})
            assert store.ready.is_set()
            assert (store.owns(0), store.owns(1), store.count()) == (True, False, 1)
            assert store.size_bytes == len(pack(state("a", 3)))
            assert (offset_of(store, "a"), offset_of(store, "new")) == (3, -1)
            await store.close()
            assert not store.ready.is_set()

    asyncio.run(story())


def test_the_higher_cursor_is_loaded_whichever_was_written_last() -> None:
    kafka = MemoryKafka(SETTINGS)
    for made in (state("a", 1), state("a", 1, 7), state("a", 1, 5)):
        write(kafka, made)

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0})
            assert offset_of(store, "a") == 7
            await store.close()

    asyncio.run(story())


def test_of_another_log_the_newest_record_counts() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, state("a", 900))
    write(kafka, state("a", 2, topic_id="restored"))

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0})
            assert offset_of(store, "a") == 2
            await store.close()

    asyncio.run(story())


def test_a_tombstone_forgets_and_what_follows_starts_anew() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, state("a", 9))
    write(kafka, "a")
    write(kafka, state("b", 9))
    write(kafka, "b")
    write(kafka, state("b", 2))

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0})
            assert (offset_of(store, "a"), offset_of(store, "b"), store.count()) == (-1, 2, 1)
            await store.close()

    asyncio.run(story())


def test_after_a_reassignment_what_others_wrote_meanwhile_is_there() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, state("a", 1))
    write(kafka, state("b", 1, partition=1), partition=1)

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0, 1})
            assert offset_of(store, "a") == 1
            await store.load({1})
            assert not store.owns(0)
            write(kafka, state("a", 1, 2))
            await store.load({0, 1})
            assert (offset_of(store, "a"), offset_of(store, "b", 1)) == (2, 1)
            await store.close()

    asyncio.run(story())


def test_a_partition_that_comes_back_brings_what_this_process_wrote_itself() -> None:
    kafka = MemoryKafka(SETTINGS)

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0, 1})
            store.keep(state("a", 1, 2), 0)
            write(kafka, state("a", 1, 2), owner=store.owner)
            await store.load({1})
            await store.load({0, 1})
            assert offset_of(store, "a") == 2
            await store.close()

    asyncio.run(story())


def test_a_kept_partition_takes_its_own_writes_for_what_they_are() -> None:
    kafka = MemoryKafka(SETTINGS)

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0})
            store.keep(state("a", 1, 2), 0)
            write(kafka, state("a", 1), owner=store.owner)
            write(kafka, state("a", 1, 2), owner=store.owner)
            await store.load({0, 1})
            assert offset_of(store, "a") == 2
            assert store.overwritten == {}
            await store.close()

    asyncio.run(story())


def test_of_another_owners_writes_the_higher_is_taken_and_the_lower_noticed() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, state("a", 1, 5))

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0})
            write(kafka, state("a", 1, 5))  # equal: nothing is lost
            write(kafka, state("a", 1, 5, 6))  # higher: whoever is ahead is right
            write(kafka, state("unknown", 1))
            write(kafka, state("a", 1), owner=store.owner)
            for _ in range(3):
                await asyncio.sleep(0)
            assert store.overwritten == {}
            write(kafka, state("a", 1))
            for _ in range(3):
                await asyncio.sleep(0)
            assert store.overwritten == {"a": 0}
            assert offset_of(store, "a") == 6
            await store.close()

    asyncio.run(story())


def test_what_was_written_late_is_noticed_by_whoever_loads_it() -> None:
    kafka = MemoryKafka(SETTINGS)
    for user_id, *cursors in (("a", 1, 5), ("b", 5, 1), ("c", 1, 5, 1, 6)):
        for cursor in cursors:
            write(kafka, state(user_id, cursor))

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0})
            assert store.overwritten == {"b": 0}
            assert [offset_of(store, user_id) for user_id in "abc"] == [5, 5, 6]
            await store.close()

    asyncio.run(story())


def test_whoever_is_ahead_is_right() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, state("a", 1))

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0})
            behind = store.get("a", 0)
            write(kafka, state("a", 1, 5))
            for _ in range(3):
                await asyncio.sleep(0)
            assert (offset_of(store, "a"), store.overwritten) == (5, {})
            store.keep(behind, 0)
            assert offset_of(store, "a") == 5
            await store.close()

    asyncio.run(story())


def test_few_are_kept_unpacked_and_nothing_is_lost_by_that() -> None:
    kafka = MemoryKafka(SETTINGS)

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({0})
            changed = store.get("a", 0)
            for user_id in "bcd":
                store.get(user_id, 0)
            changed.apply(Event("a", "i", "click", 1.0, 1_000, 8, Cursor("t", 0, 8, 0)))
            # Somebody asks for the user between the change and its being kept.
            assert store.get("a", 0) is not changed
            store.keep(changed, 0)
            assert store.get("a", 0) is changed
            for user_id in "bcd":
                store.get(user_id, 0)
            again = store.get("a", 0)
            assert again is not changed
            assert pack(again) == pack(changed)
            assert len(store._live) == SETTINGS.live_users
            await store.close()

    asyncio.run(story())


def test_what_is_kept_of_a_partition_that_is_gone_is_packed_but_not_held() -> None:
    kafka = MemoryKafka(SETTINGS)

    async def story() -> None:
        with user_store(kafka) as store:
            await store.load({1})
            assert store.keep(state("a", 1), 0) == pack(state("a", 1))
            assert store.count() == 0
            await store.close()

    asyncio.run(story())
