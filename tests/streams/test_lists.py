from unittest.mock import patch

import msgspec
import pytest

from online.events import Cursor, Event
from online.item import Item
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.rules.rule import Match, Rule
from online.state import UserState
from online.statistics.base import Floats
from streams import metrics
from streams.events import Cause, Recommendation, Through
from streams.lists import Asked, ListMaker
from streams.settings import Arm, Settings

PIN = Rule("the newest first", "pin", Match(["i19"]), place=1)
CAUSE = Cause("interaction", "e-1", "interactions", 3, 88, 5)


def maker(length: int = 4, items: int = 20, arms: dict[str, Arm] | None = None) -> ListMaker:
    recommender = Recommender(RecommenderConfig(capacity=1024))
    for number in range(items):
        recommender.put_item(Item(f"i{number}"))
    return ListMaker(Settings(list_length=length, arms=arms or {}), recommender)


def state(*offsets: int, user_id: str = "u") -> UserState:
    made = UserState(user_id)
    for offset in offsets:
        made.apply(Event(user_id, f"i{offset}", "click", 1.0, offset, offset + 1, Cursor("t", 3, offset, 2)))
    return made


def test_a_list_says_whose_it_is_why_and_how_far_it_goes() -> None:
    lists = maker()
    lists.model_version = 47
    found = lists.published(state(5, 88), CAUSE, wall_ms=99).recommendation
    assert (found.user_id, found.cause, found.generated_ms, found.model_version) == ("u", CAUSE, 99, 47)
    assert (found.through, found.arm, found.schema_version) == (Through(3, 88, 2), "default", 1)
    assert [item.rank for item in found.items] == [1, 2, 3, 4]
    assert {item.propensity for item in found.items} == {None}


def test_it_is_read_back_as_it_was_written() -> None:
    found = maker().published(state(5), CAUSE, wall_ms=99).recommendation
    assert msgspec.json.decode(msgspec.json.encode(found), type=Recommendation) == found


def test_the_id_follows_from_user_state_and_version_alone() -> None:
    lists = maker()
    first = lists.published(state(5), CAUSE, wall_ms=1).recommendation.list_id
    assert maker(items=3).published(state(5), CAUSE, wall_ms=2).recommendation.list_id == first
    assert len(first) == 24
    others = {
        lists.published(state(5, 6), CAUSE, 1).recommendation.list_id,
        lists.published(state(7), CAUSE, 1).recommendation.list_id,
    }
    lists.model_version = 1
    others.add(lists.published(state(5), CAUSE, wall_ms=1).recommendation.list_id)
    assert len(others | {first}) == 4


@pytest.mark.parametrize("rules", [[], [PIN]], ids=["no rule", "a rule"])
def test_lists_made_together_are_those_made_one_by_one(rules: list[Rule]) -> None:
    lists = maker(arms={"one": Arm(), "other": Arm(ranking="blend")})
    lists.rules = rules
    asked = [Asked(state(offset, user_id=f"u{offset}"), CAUSE) for offset in range(12)]
    together = [published.recommendation for published in lists.published_all(asked, wall_ms=99)]
    assert together == [lists.published(a.state, a.cause, wall_ms=99).recommendation for a in asked]
    assert {found.arm for found in together} == {"one", "other"}
    assert {found.items[0].item_id == "i19" for found in together} == {bool(rules)}


def test_a_list_that_cannot_be_made_is_counted_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    lists, failures = maker(), metrics.LIST_FAILURES._value.get()
    asked = [Asked(state(offset, user_id=f"u{offset}"), CAUSE) for offset in range(4)]
    profile = lists.recommender.profile

    def failing(of: UserState) -> Floats:
        if of.user_id == "u2":
            raise ArithmeticError
        return profile(of)

    with patch.object(lists.recommender, "profile", failing):
        made = lists.published_each(asked, wall_ms=99)
    assert [found and found.recommendation.user_id for found in made] == ["u0", "u1", None, "u3"]
    assert metrics.LIST_FAILURES._value.get() == failures + 1
    assert "no list for the event at interactions-3-88" in caplog.text


def test_a_replay_that_changes_nothing_keeps_the_id() -> None:
    lists, user = maker(), state(5)
    first = lists.published(user, CAUSE, wall_ms=1).recommendation.list_id
    assert user.apply(Event("u", "i5", "click", 1.0, 5, 6, Cursor("t", 3, 5, 2))) is None
    assert lists.published(user, CAUSE, wall_ms=9).recommendation.list_id == first


def test_what_comes_next_is_kept_in_reserve() -> None:
    found = maker(length=15, items=18).published(state(5), CAUSE, wall_ms=1)
    assert len(found.item_ids) == 15
    assert [item.rank for item in found.reserve] == [16, 17, 18]
    assert not set(found.item_ids) & {item.item_id for item in found.reserve}


def test_what_is_gone_makes_room_for_the_reserve() -> None:
    lists = maker()
    old = lists.published(state(5), CAUSE, wall_ms=1)
    reserve = [item.item_id for item in old.reserve]
    for item_id in (old.item_ids[1], reserve[0]):
        lists.recommender.delete_item(item_id)
    gone = Cause("item", old.item_ids[1], "items", 0, 7, 9)
    found = lists.without_gone(old, gone, wall_ms=9)
    assert found.item_ids == [old.item_ids[0], *old.item_ids[2:], reserve[1]]
    assert [item.rank for item in found.recommendation.items] == [1, 2, 3, 4]
    assert [item.item_id for item in found.reserve] == reserve[2:]
    assert (found.recommendation.cause, found.recommendation.generated_ms) == (gone, 1)
    assert found.recommendation.through == old.recommendation.through
    # Made again after a crash it is the same list, and another than the one before.
    assert lists.without_gone(old, gone, wall_ms=10).recommendation.list_id == found.recommendation.list_id
    assert found.recommendation.list_id != old.recommendation.list_id


def test_a_list_without_reserve_gets_shorter() -> None:
    lists = maker(length=4, items=4)
    old = lists.published(state(1), CAUSE, wall_ms=1)
    lists.recommender.delete_item(old.item_ids[0])
    assert lists.without_gone(old, CAUSE, wall_ms=2).item_ids == old.item_ids[1:]


def test_a_list_on_request_is_as_long_as_asked_and_notes_nothing() -> None:
    lists, user = maker(), state(5)
    asked = lists.ranked(user, 1, k=7, exclude=["i19", "i18"])
    assert len(asked) == 7
    assert not {"i18", "i19"} & {item.item_id for item in asked}
    assert user.current == []
    assert len(lists.ranked(user, 1)) == 4


def test_a_user_without_events_goes_through_nothing() -> None:
    found = maker().published(UserState("new"), CAUSE, wall_ms=1).recommendation
    assert found.through == Through(-1, -1, -1)
    assert len(found.items) == 4
