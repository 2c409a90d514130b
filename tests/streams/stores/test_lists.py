import asyncio
from collections.abc import Iterable

import numpy as np

from online.catalogue import item_hash
from online.events import Cursor
from streams.events import Cause, ListItem, Recommendation, Through
from streams.producer import Outgoing
from streams.settings import Settings
from streams.stores import lists
from streams.stores.lists import Published, PublishedLists
from tests.flow.memory import MemoryKafka
from tests.streams.stores.memory_store import state

SETTINGS = Settings(partitions=2, list_length=3)


def published(
    user_id: str, item_ids: str, reserve: str = "", kind: str = "interaction", offset: int = 1
) -> Published:
    def items(ids: Iterable[str], first: int) -> list[ListItem]:
        return [ListItem(i, rank, 0.5, None, "graph", []) for rank, i in enumerate(ids, first)]

    cause = Cause(kind, "e", "interactions", 0, offset, 5)  # type: ignore[arg-type]  # any of the kinds
    place = Through(0, offset, 0)
    made = Recommendation(user_id, "id", 9, 1, cause, place, "default", items(item_ids, 1))
    return Published(made, items(reserve, len(item_ids) + 1))


def holding(store: PublishedLists, *item_ids: str) -> list[str]:
    hashes = np.array([item_hash(item_id) for item_id in item_ids], np.uint32)
    return [user_id for block in store.holding(hashes) for user_id in block]


async def load(store: PublishedLists, partitions: set[int]) -> None:
    store.begin(partitions)
    await store.read(1)


def new_store(kafka: MemoryKafka) -> PublishedLists:
    with kafka.instead():
        return PublishedLists(SETTINGS)


def test_a_list_is_given_back_as_it_was_kept_and_is_what_its_record_says() -> None:
    kafka = MemoryKafka(SETTINGS)
    store, made = new_store(kafka), published("a", "xyz", "vw")
    kafka.append(store.keep(made, 1))
    assert (store.get("a"), store.partition("a"), store.get("b")) == (made, 1, None)
    again = new_store(kafka)
    asyncio.run(load(again, {1}))
    assert (again.get("a"), again.partition("a")) == (made, 1)


def test_lists_with_room_are_known() -> None:
    store = new_store(MemoryKafka(SETTINGS))
    for user_id, item_ids in (("a", "xy"), ("b", "xyz"), ("c", ""), ("d", "z"), ("d", "zxy"), ("e", "x")):
        store.keep(published(user_id, item_ids), 0)
    store.forget("e")
    assert [store.user(slot) for slot in store.short()] == ["a", "c"]


def test_users_are_found_by_the_items_of_their_newest_list() -> None:
    store = new_store(MemoryKafka(SETTINGS))
    for user_id, item_ids in (("a", "xyz"), ("b", "y"), ("c", "zw"), ("b", "xw")):
        store.keep(published(user_id, item_ids), 0)
    assert (holding(store, "x"), holding(store, "y"), holding(store, "q")) == (["a", "b"], ["a"], [])
    assert holding(store, "y", "w") == ["a", "b", "c"]
    assert (store.lists("y"), store.lists("q")) == (True, False)
    store.forget("b")
    store.keep(published("d", "y"), 0)  # in the place of b
    assert (holding(store, "w"), holding(store, "y"), store.count()) == (["c"], ["a", "d"], 3)


def test_all_of_a_list_longer_than_lists_are_now_is_found() -> None:
    store = new_store(MemoryKafka(SETTINGS))
    store.keep(published("a", "vwxyz"), 0)
    store.keep(published("b", "z"), 0)
    assert holding(store, "z") == ["a", "b"]


def test_thousands_of_users_are_found_in_blocks() -> None:
    store = new_store(MemoryKafka(SETTINGS))
    count = lists.BLOCK + 100
    for number in range(count):
        store.keep(published(f"u{number}", "xy" if number % 100 else "yz"), number % 2)
    assert holding(store, "z") == [f"u{number}" for number in range(0, count, 100)]
    assert len(holding(store, "y")) == count


def test_only_the_partitions_asked_for_are_kept_and_what_others_wrote_meanwhile_is_read() -> None:
    kafka = MemoryKafka(SETTINGS)
    store, other = new_store(kafka), new_store(kafka)
    kafka.append(store.keep(published("a", "x"), 0))
    kafka.append(store.keep(published("b", "x"), 1))

    async def story() -> None:
        await load(store, {0, 1})
        await load(store, {1})
        assert (store.get("a"), holding(store, "x")) == (None, ["b"])
        kafka.append(other.keep(published("a", "y"), 0))
        kafka.append(other.keep(published("b", "z"), 1))
        await load(store, {0, 1})
        assert (holding(store, "x"), holding(store, "y"), holding(store, "z")) == ([], ["a"], ["b"])

    asyncio.run(story())


def test_what_is_kept_or_erased_while_older_lists_are_read_stays_so() -> None:
    kafka = MemoryKafka(SETTINGS)
    store, former = new_store(kafka), new_store(kafka)
    for user_id in "abc":
        kafka.append(former.keep(published(user_id, "x"), 0))
    made = published("a", "y")
    store.begin({0})
    store.keep(made, 0)
    store.erase("b", 0)
    asyncio.run(store.read(1))
    assert (store.get("a"), store.get("b"), store.get("c")) == (made, None, published("c", "x"))
    # Afterwards nothing is newer than what is read.
    store.keep(made, 0)
    kafka.append(former.keep(published("a", "z"), 0))
    asyncio.run(load(store, {0}))
    assert store.get("a") == published("a", "z")


def test_it_says_how_many_bytes_it_holds() -> None:
    store = new_store(MemoryKafka(SETTINGS))
    sizes = [store.size_bytes]
    for user_id, item_ids in (("a", "x"), ("a", "xyz"), ("b", "xyz")):
        store.keep(published(user_id, item_ids, "uvw" * 50), 0)
        sizes.append(store.size_bytes)
    assert 0 == sizes[0] < sizes[1] < sizes[2] < 2 * sizes[1]
    assert sizes[3] == 2 * sizes[2]
    store.forget("a")
    store.forget("a")
    assert store.size_bytes == sizes[2]
    store.forget("b")
    assert store.size_bytes == 0


def test_a_tombstone_ends_a_list() -> None:
    kafka = MemoryKafka(SETTINGS)
    store = new_store(kafka)
    kafka.append(store.keep(published("a", "x"), 0))
    kafka.append(Outgoing("recommendations", b"a", None, 0))
    asyncio.run(load(store, {0}))
    assert (store.get("a"), store.count()) == (None, 0)


def test_a_record_without_reserve_is_a_list_of_an_earlier_version() -> None:
    kafka = MemoryKafka(SETTINGS)
    store = new_store(kafka)
    kafka.append(Outgoing("recommendations", b"a", store.keep(published("a", "x"), 0).value, 0))
    asyncio.run(load(store, {0}))
    assert store.get("a") == published("a", "x")


def test_a_state_stands_by_the_list_that_was_changed_for_an_item() -> None:
    store = new_store(MemoryKafka(SETTINGS))
    user = state("a", 1)
    user.published(["x", "y"])
    store.keep(published("a", "xy"), 0)
    store.stood(user)
    assert user.current == ["x", "y"]
    store.keep(published("a", "yz", kind="item"), 0)
    store.stood(user)
    assert user.current == ["y", "z"]


def test_a_list_that_is_ahead_of_the_state_did_not_stand_before_what_it_knows() -> None:
    store = new_store(MemoryKafka(SETTINGS))
    user = state("a", 1)
    user.published(["x", "y"])
    store.keep(published("a", "yz", kind="item", offset=2), 0)
    store.stood(user)
    assert user.current == ["x", "y"]


def test_a_list_is_behind_that_knows_less_than_the_state_or_is_not_there() -> None:
    kafka = MemoryKafka(SETTINGS)
    store = new_store(kafka)
    for offset in (7, 8):
        kafka.append(store.keep(published("a", "xyz", offset=offset), 0))
    again = new_store(kafka)
    asyncio.run(load(again, {0}))
    for known in (store, again):
        behind = {
            place: known.is_behind("a", Cursor("log", 0, *place))
            for place in ((7, 5), (8, 0), (8, 1), (9, 0))
        }
        assert behind == {(7, 5): False, (8, 0): False, (8, 1): True, (9, 0): True}
        assert known.is_behind("b", Cursor("log", 0, 0, 0))
    assert (store.loads, again.loads) == (0, 1)
