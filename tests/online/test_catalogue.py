import pytest

from online.catalogue import EVICTED_SHARE, UNKNOWN_ROW, UNUSED_SHARE, Catalogue, item_hash
from online.item import Item
from online.saved import CapacityError
from online.statistics.base import Rows


def servable(catalogue: Catalogue, item_id: str, wall_ms: int = 0) -> bool:
    return bool(catalogue.servable(wall_ms)[catalogue.row(item_id)])


def test_a_row_is_made_on_demand_and_stays() -> None:
    catalogue = Catalogue(64)
    assert catalogue.row("a") == UNKNOWN_ROW
    row = catalogue.row("a", create=True)
    catalogue.row("b", create=True)
    assert catalogue.row("a") == row
    assert catalogue.item_id(row) == "a"
    assert len(catalogue) == 2


def test_a_row_without_item_is_named_in_the_error() -> None:
    with pytest.raises(KeyError, match="no item has row 3; rows in use are below 0"):
        Catalogue(64).item_id(3)


def test_a_capacity_too_small_to_evict_from_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity is 3; it has to be at least 16"):
        Catalogue(3)


def test_an_item_known_from_interactions_alone_is_servable() -> None:
    catalogue = Catalogue(64)
    catalogue.row("a", create=True)
    assert servable(catalogue, "a")


def test_a_deleted_item_stays_out_until_it_is_put_again() -> None:
    catalogue = Catalogue(64)
    catalogue.put(Item("a"))
    catalogue.delete("a")
    catalogue.delete("never seen")
    catalogue.row("a", create=True)
    catalogue.row("never seen", create=True)
    assert not servable(catalogue, "a")
    assert not servable(catalogue, "never seen")
    assert catalogue.document("a") is None
    catalogue.put(Item("a"))
    assert servable(catalogue, "a")


def test_availability_begins_and_ends_by_the_wall_clock_in_both_directions() -> None:
    catalogue = Catalogue(64)
    catalogue.put(Item("sale", available_from_ms=100, expires_ms=200))
    catalogue.put(Item("off", available=False))
    seen = {wall_ms: servable(catalogue, "sale", wall_ms) for wall_ms in (99, 100, 199, 200, 150, 50)}
    assert seen == {99: False, 100: True, 199: True, 200: False, 150: True, 50: False}
    assert not servable(catalogue, "off", 150)


def test_an_item_put_between_two_checks_is_checked_at_its_own_times() -> None:
    catalogue = Catalogue(64)
    catalogue.servable(1_000)
    catalogue.put(Item("soon", available_from_ms=1_500))
    assert not servable(catalogue, "soon", 1_400)
    assert servable(catalogue, "soon", 1_500)


def test_after_an_eviction_a_loaded_catalogue_gives_new_items_the_same_rows() -> None:
    catalogue, loaded = Catalogue(64), Catalogue(64)
    for number in (*range(64), *reversed(range(64))):
        catalogue.row(f"i{number}", create=True)
    catalogue.row("new", create=True)
    loaded.load(catalogue.save())
    assert catalogue.row("newer", create=True) == loaded.row("newer", create=True)


def test_a_full_catalogue_evicts_what_was_not_used_for_longest() -> None:
    told: list[int] = []

    def remember(rows: Rows) -> None:
        told.extend(rows.tolist())

    catalogue = Catalogue(32, remember)
    for number in range(32):
        catalogue.row(f"i{number}", create=True)
    catalogue.row("i0", create=True)
    catalogue.row("new", create=True)
    assert len(told) == 32 // EVICTED_SHARE
    assert catalogue.row("i1") == catalogue.row("i2") == UNKNOWN_ROW
    assert catalogue.row("i0") == 0
    assert catalogue.row("new") in told
    assert servable(catalogue, "new")


def test_a_snapshot_has_the_same_rows_masks_and_deletions() -> None:
    catalogue, restored = Catalogue(32), Catalogue(32)
    for number in range(33):
        catalogue.put(Item(f"i{number}", expires_ms=500 if number == 30 else None))
    catalogue.delete("i31")
    catalogue.delete("unseen")
    restored.put(Item("something else"))
    restored.load(catalogue.save())
    assert restored.rows == catalogue.rows
    assert list(restored.newest()) == list(catalogue.newest())
    for wall_ms in (0, 499, 500):
        assert restored.servable(wall_ms).tolist() == catalogue.servable(wall_ms).tolist()
    assert restored.row("next", create=True) == catalogue.row("next", create=True)
    restored.row("unseen", create=True)
    assert not servable(restored, "unseen")


def test_a_snapshot_that_does_not_fit_is_refused() -> None:
    large = Catalogue(64)
    for number in range(40):
        large.row(f"i{number}", create=True)
    with pytest.raises(CapacityError, match="40 rows, this catalogue has room for 16") as refused:
        Catalogue(16).load(large.save())
    assert refused.value.needed == 40


def test_what_time_makes_available_or_ends_is_told_once() -> None:
    catalogue = Catalogue(64)
    for item_id, from_ms, expires_ms in (("always", 0, None), ("later", 50, None), ("ends", 0, 50)):
        catalogue.put(Item(item_id, available_from_ms=from_ms, expires_ms=expires_ms))
    catalogue.take_turned(10)
    assert catalogue.take_turned(49) == []
    catalogue.servable(50)  # lists are made in between
    assert sorted(catalogue.take_turned(50)) == ["ends", "later"]
    assert catalogue.take_turned(60) == []


def test_what_may_be_in_no_list_is_told_item_by_item_and_as_a_whole() -> None:
    catalogue = Catalogue(64)
    catalogue.put(Item("listed"))
    catalogue.put(Item("hidden", available=False))
    catalogue.put(Item("deleted"))
    catalogue.delete("deleted")
    catalogue.delete("never known")
    told = {
        item_id: catalogue.may_list(item_id, 5)
        for item_id in ("listed", "hidden", "deleted", "never known", "?")
    }
    assert told == {"listed": True, "hidden": False, "deleted": False, "never known": False, "?": True}
    assert set(catalogue.barred(5).tolist()) == {item_hash(i) for i in ("hidden", "deleted", "never known")}


def test_without_documents_items_are_as_if_none_had_come() -> None:
    catalogue = Catalogue(16)
    catalogue.put(Item("a", category="x", available=False))
    catalogue.put(Item("b", category="x", expires_ms=10))
    catalogue.row("c", create=True)
    catalogue.delete("d")
    catalogue.row("d", create=True)
    rows = dict(catalogue.rows)
    catalogue.drop_documents()
    assert catalogue.rows == rows
    assert catalogue.document_count == 0
    assert not catalogue.categories.slots.any()
    assert [servable(catalogue, item_id, 1_000) for item_id in "abcd"] == [True, True, True, False]


def test_a_clock_that_is_set_back_changes_nothing_that_has_been_told() -> None:
    catalogue = Catalogue(64)
    catalogue.put(Item("before", available_from_ms=5))
    assert catalogue.take_turned(10) == []
    catalogue.servable(1)  # a late event's list
    assert catalogue.take_turned(11) == []
    catalogue.put(Item("soon", available_from_ms=12))
    catalogue.put(Item("soon over", expires_ms=13))
    assert [catalogue.take_turned(wall_ms) for wall_ms in (12, 13, 14)] == [["soon"], ["soon over"], []]


def test_a_feed_of_more_documents_than_there_is_room_for_does_not_displace_what_is_had() -> None:
    catalogue = Catalogue(64)
    had = [f"had{number}" for number in range(40)]
    for item_id in had:
        catalogue.row(item_id, create=True)
    for _ in range(2):
        for number in range(300):
            catalogue.put(Item(f"i{number}"))
            catalogue.place(f"vector{number}")
    assert all(catalogue.row(item_id) >= 0 for item_id in had)
    assert catalogue.row("i299") >= 0


def test_what_was_had_long_ago_does_not_displace_what_is_new() -> None:
    catalogue = Catalogue(64)
    for number in range(300):
        catalogue.row(f"had{number}", create=True)
    new = [f"new{number}" for number in range(64 // UNUSED_SHARE)]
    for item_id in new:
        catalogue.put(Item(item_id))
    for number in range(300):
        catalogue.row(f"later{number}", create=True)
    assert all(catalogue.row(item_id) >= 0 for item_id in new)


def test_what_may_not_be_listed_may_not_either_once_it_has_made_room() -> None:
    catalogue = Catalogue(64)
    catalogue.put(Item("off", available=False))
    catalogue.put(Item("over", expires_ms=10))
    catalogue.put(Item("later", available_from_ms=100))
    for number in range(200):
        catalogue.put(Item(f"x{number}"))
    loaded = Catalogue(64)
    loaded.load(catalogue.save())
    for known in (catalogue, loaded):
        assert known.row("over") == UNKNOWN_ROW
        assert [known.may_list(i, 50) for i in ("off", "over", "later", "?")] == [False, False, False, True]
        assert known.may_list("later", 100)
        assert {item_hash(i) for i in ("off", "over", "later")} <= set(known.barred(50).tolist())
        for item_id in ("off", "over"):
            known.row(item_id, create=True)
            assert not known.may_list(item_id, 50)
        again = Catalogue(64)
        again.load(known.save())
        assert not again.may_list("over", 50)
    catalogue.put(Item("off"))
    assert catalogue.may_list("off", 50)
    loaded.drop_documents()
    assert all(loaded.may_list(item_id, 50) for item_id in ("off", "over", "later"))
