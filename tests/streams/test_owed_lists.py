"""Which lists are owed, and when they are due."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from online.state import UserState
from streams.batch import Touched
from streams.events import Cause
from streams.owed_lists import LONGEST_MS, MADE_AT_ONCE, OwedLists
from streams.stores.users import UserStore
from tests.flow.memory import MemoryKafka
from tests.streams.stores.memory_store import SETTINGS, user_store


def touched(user_id: str, event_ms: int) -> Touched:
    cause = Cause("interaction", f"e{event_ms}", "interactions", 0, event_ms, event_ms)
    return Touched(UserState(user_id), 0, cause, event_ms)


async def own(store: UserStore, partition: int) -> None:
    await store.load({partition})
    await store.pause()


@pytest.fixture
def users() -> Iterator[UserStore]:
    with user_store(MemoryKafka(SETTINGS)) as store:
        asyncio.run(own(store, 0))
        yield store


@pytest.fixture
def owed(users: UserStore) -> OwedLists:
    return OwedLists(users, cast(Any, None), "users")


def names(found: list[Touched]) -> list[str]:
    return [user.state.user_id for user in found]


def test_a_list_is_due_once_it_has_been_owed_for_longer_than_the_events_in_hand_have_waited(
    owed: OwedLists,
) -> None:
    owed.add([touched("a", 1_000)], 10_000)
    assert not owed.is_any_due(11_999, in_hand_ms=9_998)
    assert owed.take(11_999, in_hand_ms=9_998) == []
    assert owed.is_any_due(12_001, in_hand_ms=10_001)
    assert names(owed.take(12_001, in_hand_ms=10_001)) == ["a"]
    assert not owed.is_any_due(12_001, in_hand_ms=None)


def test_with_nothing_in_hand_everything_is_due_and_however_old_that_is_all_is_due_some_time(
    owed: OwedLists,
) -> None:
    owed.add([touched("a", 1_000)], 10_000)
    assert owed.is_any_due(10_000, in_hand_ms=None)
    assert not owed.is_any_due(10_000 + LONGEST_MS - 1, in_hand_ms=0)
    assert owed.is_any_due(10_000 + LONGEST_MS, in_hand_ms=0)


def test_who_does_more_meanwhile_keeps_their_turn_and_the_time_they_have_waited(owed: OwedLists) -> None:
    owed.add([touched("a", 1_000), touched("b", 1_001)], 10_000)
    owed.add([touched("a", 2_000)], 11_000)
    assert owed.oldest_ms() == 1_000
    a, b = owed.take(11_000, None)
    assert (a.state.user_id, a.cause.event_id, a.since_ms, a.index) == ("a", "e2000", 1_000, 0)
    assert (b.state.user_id, b.cause.event_id, b.since_ms) == ("b", "e1001", 1_001)
    assert owed.oldest_ms() is None


def test_a_list_that_is_made_for_a_later_event_answers_what_it_was_owed_for(owed: OwedLists) -> None:
    owed.add([touched("a", 1_000), touched("b", 1_001)], 10_000)
    later = [touched("a", 12_000), touched("c", 12_001)]
    owed.settle(later)
    assert [user.since_ms for user in later] == [1_000, 12_001]
    assert names(owed.take(12_000, None)) == ["b"]


def test_so_many_are_given_at_once_the_longest_owed_first(owed: OwedLists) -> None:
    owed.add([touched(f"u{n}", n) for n in range(MADE_AT_ONCE + 3)], 10_000)
    assert names(owed.take(10_000, None)) == [f"u{n}" for n in range(MADE_AT_ONCE)]
    assert names(owed.take(10_000, None)) == [f"u{MADE_AT_ONCE + n}" for n in range(3)]


def test_nothing_is_owed_for_users_who_are_forgotten_or_anothers(users: UserStore, owed: OwedLists) -> None:
    owed.add([touched("a", 1), touched("b", 2), touched("c", 3)], 10)
    users.drop("a", 0)
    assert (users.holds("a"), users.holds("b")) == (False, True)
    asyncio.run(own(users, 1))
    assert owed.take(20, None) == []
    assert not owed.is_any_due(20, None)
