import msgspec

from online.events import Cursor, Event
from online.recommender import Item, Recommender, RecommenderConfig
from online.state import STANDING_LIMIT, UserState
from streams.events import Cause, Recommendation, Through
from streams.lists import ListMaker
from streams.settings import Settings

CAUSE = Cause("interaction", "e-1", "interactions", 3, 88, 5)


def maker(length: int = 4, items: int = 20) -> ListMaker:
    recommender = Recommender(RecommenderConfig(capacity=1024))
    for number in range(items):
        recommender.put_item(Item(f"i{number}"))
    return ListMaker(Settings(list_length=length), recommender)


def state(*offsets: int) -> UserState:
    made = UserState("u")
    for offset in offsets:
        made.apply(Event("u", f"i{offset}", "click", 1.0, offset, offset + 1, Cursor("t", 3, offset, 2)))
    return made


def test_a_list_says_whose_it_is_why_and_how_far_it_goes() -> None:
    lists = maker()
    lists.model_version = 47
    found = lists.recommendation(state(5, 88), CAUSE, wall_ms=99)
    assert (found.user_id, found.cause, found.generated_ms, found.model_version) == ("u", CAUSE, 99, 47)
    assert (found.through, found.arm, found.schema_version) == (Through(3, 88, 2), "default", 1)
    assert [item.rank for item in found.items] == [1, 2, 3, 4]
    assert {item.propensity for item in found.items} == {None}


def test_it_is_read_back_as_it_was_written() -> None:
    found = maker().recommendation(state(5), CAUSE, wall_ms=99)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Recommendation) == found


def test_the_id_follows_from_user_state_and_version_alone() -> None:
    lists = maker()
    first = lists.recommendation(state(5), CAUSE, wall_ms=1).list_id
    assert maker(items=3).recommendation(state(5), CAUSE, wall_ms=2).list_id == first
    assert len(first) == 24
    others = {
        lists.recommendation(state(5, 6), CAUSE, 1).list_id,
        lists.recommendation(state(7), CAUSE, 1).list_id,
    }
    lists.model_version = 1
    others.add(lists.recommendation(state(5), CAUSE, wall_ms=1).list_id)
    assert len(others | {first}) == 4


def test_a_replay_that_changes_nothing_keeps_the_id() -> None:
    lists, user = maker(), state(5)
    first = lists.recommendation(user, CAUSE, wall_ms=1).list_id
    assert user.apply(Event("u", "i5", "click", 1.0, 5, 6, Cursor("t", 3, 5, 2))) is None
    assert lists.recommendation(user, CAUSE, wall_ms=9).list_id == first


def test_what_was_published_is_remembered_to_be_scored() -> None:
    user = state(5)
    found = maker(length=15).recommendation(user, CAUSE, wall_ms=1)
    assert user.current == [item.item_id for item in found.items][:STANDING_LIMIT]
    assert len(found.items) == 15


def test_a_list_on_request_is_as_long_as_asked_and_notes_nothing() -> None:
    lists, user = maker(), state(5)
    asked = lists.ranked(user, 1, k=7, exclude=["i19", "i18"])
    assert len(asked) == 7
    assert not {"i18", "i19"} & {item.item_id for item in asked}
    assert user.current == []
    assert len(lists.ranked(user, 1)) == 4


def test_a_user_without_events_goes_through_nothing() -> None:
    found = maker().recommendation(UserState("new"), CAUSE, wall_ms=1)
    assert found.through == Through(-1, -1, -1)
    assert len(found.items) == 4
