import math
from typing import Any

import msgspec
import numpy as np
import pytest

from online.events import Cursor, Event, ExampleSet
from online.item import Item
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.rules.rule import parse
from online.state import UserState
from streams.answers import Answers, UnanswerableError, session, to_filter
from streams.clock import now_ms
from streams.events import ListItem, Request
from streams.lists import ListMaker
from streams.settings import Settings

COUNT = 12


def request(**fields: Any) -> Request:  # noqa: ANN401  # any JSON
    return msgspec.convert({"request_id": "r", **fields}, Request)


def direction(number: int) -> np.ndarray:
    """Unit vectors on half a circle: the nearer the numbers, the more alike."""
    angle = math.pi * number / COUNT
    return np.array([math.cos(angle), math.sin(angle)], np.float32)


@pytest.fixture
def recommender() -> Recommender:
    """Items on half a circle, by content as their numbers say, by their pictures the other way round."""
    made = Recommender(RecommenderConfig(capacity=1024, dim=2))
    for number in range(COUNT):
        made.put_item(
            Item(f"i{number}", category="even" if number % 2 == 0 else "odd", location=(0.0, float(number)))
        )
        made.put_vector(f"i{number}", direction(number))
        row = made.catalogue.row(f"i{number}")
        made.by_modality.put(row, "image", "space", direction(number * 7 % COUNT))
    made.put_item(Item("bare"))
    return made


@pytest.fixture
def answers(recommender: Recommender) -> Answers:
    return Answers(ListMaker(Settings(list_length=3), recommender))


def ids(items: list[ListItem]) -> list[str]:
    return [item.item_id for item in items]


def test_similar_are_the_nearest_without_the_item_itself(answers: Answers) -> None:
    found = answers.similar(request(kind="similar", item_id="i5"), ())
    assert ids(found) == ["i4", "i6", "i3"]
    assert [item.rank for item in found] == [1, 2, 3]
    assert found[0].score == pytest.approx(math.cos(math.pi / COUNT), abs=1e-5)
    assert (found[0].source, found[0].reasons[0].item_id) == ("content", "i5")


def test_similar_by_one_modality(answers: Answers) -> None:
    found = answers.similar(request(kind="similar", item_id="i0", modality="image", k=2), ())
    # 7 * 7 = 49 and 5 * 7 = 35 are 1 and -1 mod 12.
    assert ids(found)[0] == "i7"
    assert found[0].reasons[0].modality == "image"


def test_similar_pages_filters_excludes_and_never_shows_what_is_hidden(
    answers: Answers, recommender: Recommender
) -> None:
    whole = answers.similar(request(kind="similar", item_id="i5", k=100), ())
    assert sorted(ids(whole)) == sorted(f"i{n}" for n in range(COUNT) if n != 5)
    pages = [answers.similar(request(kind="similar", item_id="i5", k=4, skip=s), ()) for s in (0, 4, 8, 12)]
    assert [item for page in pages for item in page] == whole
    recommender.put_item(Item("i4", category="even", available=False))
    recommender.delete_item("i6")
    asked = request(kind="similar", item_id="i5", filter={"category": "even"}, exclude=["i2"])
    assert set(ids(answers.similar(asked, {"i8": None}))) == {"i10", "i0"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"item_id": "never"}, "item never is unknown: nothing was ever heard of it"),
        ({"item_id": "bare"}, "item bare has no vector yet"),
        ({"item_id": "clicked"}, "item clicked is unknown: events name it, no document describes it"),
        ({"item_id": "gone"}, "item gone is deleted"),
        ({"item_id": "gone", "modality": "image"}, "item gone is deleted"),
        ({"item_id": "gone before"}, "item gone before is deleted"),
        (
            {"item_id": "i1", "modality": "location"},
            "item i1 has no vector of modality location, or FRESHET_SEARCH_MODALITIES leaves that out",
        ),
    ],
)
def test_what_nothing_can_be_similar_to_is_an_error(
    answers: Answers, recommender: Recommender, fields: dict[str, str], reason: str
) -> None:
    recommender.catalogue.row("clicked", create=True)
    recommender.put_item(Item("gone"))
    for deleted in ("gone", "gone before"):
        recommender.delete_item(deleted)
    asked = request(kind="similar", **fields)
    with pytest.raises(UnanswerableError, match=reason):
        answers.similar(asked, ())
    response = answers.response(asked, lambda: answers.similar(asked, ()))
    assert (response.items, response.error) == ([], reason)


def test_search_compares_with_vectors_of_the_querys_own_space(answers: Answers) -> None:
    asked = request(kind="search", query={"text": "x"}, filter={"near": {"lat": 0, "lon": 3, "km": 300}})
    found = answers.search(asked, ["i4"], "image", "space", 5 * direction(2 * 7 % COUNT))
    assert ids(found) == ["i2", "i1", "i3"] or ids(found) == ["i2", "i3", "i1"]
    assert [(r.kind, r.modality) for r in found[0].reasons] == [("modality", "image")]
    assert answers.search(asked, [], "image", "another space", direction(0)) == []


def had(recommender: Recommender, user_id: str, item_id: str, day: int) -> None:
    state, at_ms = UserState(user_id), day * 86_400_000
    example = state.apply(Event(user_id, item_id, "click", 1.0, at_ms, day + 1, Cursor("t", 0, day, 0)))
    assert example is not None
    recommender.fold(ExampleSet(user_id, at_ms, [], [], [example]))


def test_trending_is_what_was_had_most_in_the_window(answers: Answers, recommender: Recommender) -> None:
    for number, (item_id, day) in enumerate(
        [("i1", 0)] * 900 + [("i2", 5)] * 600 + [("i4", 12)] * 200 + [("i3", 13)] * 100
    ):
        had(recommender, f"u{number}", item_id, day)
    nobody = UserState("")
    ever = answers.trending(request(kind="trending", window="ever", k=9), nobody)
    assert [(item.item_id, item.rank) for item in ever] == [("i1", 1), ("i2", 2), ("i4", 3), ("i3", 4)]
    assert [item.score for item in ever] == pytest.approx([9 / 18, 6 / 18, 2 / 18, 1 / 18], abs=1e-5)
    assert ids(answers.trending(request(kind="trending", k=9), nobody)) == ["i2", "i1", "i4", "i3"]
    assert ids(answers.trending(request(kind="trending", window="day", k=2), nobody)) in (
        ["i3", "i4"],
        ["i4", "i3"],
    )
    even = request(kind="trending", window="ever", filter={"category": "even"})
    assert ids(answers.trending(even, nobody)) == ["i2", "i4"]
    near = request(kind="trending", window="ever", filter={"near": {"lat": 0, "lon": 1, "km": 50}})
    assert ids(answers.trending(near, nobody)) == ["i1"]
    hiding = UserState("u")
    hiding.apply(Event("u", "i1", "hide", 1.0, 1, 1, Cursor("t", 0, 1, 0)))
    assert ids(answers.trending(request(kind="trending", window="ever", exclude=["i2"]), hiding)) == [
        "i4",
        "i3",
    ]


def test_only_what_is_new_if_that_is_wanted(answers: Answers, recommender: Recommender) -> None:
    for number in range(5):
        had(recommender, f"u{number}", "i4", 1)
        had(recommender, f"u{number}", "i6", 1)
    asked = request(recent_item_ids=["i5"], k=20, filter={"new": True})
    found = ids(answers.recommend(asked, UserState("?")))
    assert set(found) == {f"i{n}" for n in range(COUNT) if n not in (4, 6)} | {"bare"}
    similar = request(kind="similar", item_id="i5", filter={"new": True}, k=2)
    assert set(ids(answers.similar(similar, ()))) == {"i3", "i7"}


def test_what_a_rule_blocks_is_no_answer(recommender: Recommender) -> None:
    lists = ListMaker(Settings(list_length=3), recommender)
    lists.rules = parse('[[rule]]\nname = "no even ones"\ndo = "block"\nmatch.category = "even"')
    answers = Answers(lists)
    assert ids(answers.similar(request(kind="similar", item_id="i5", k=4), ())) == ["i3", "i7", "i1", "i9"]
    search = request(kind="search", query={"text": "x"}, k=2, skip=1)
    whole = request(kind="search", query={"text": "x"}, k=3)
    found = answers.search(whole, [], "image", "space", direction(0))
    assert all(int(item.item_id[1:]) % 2 for item in found)
    assert answers.search(search, [], "image", "space", direction(0)) == found[1:]
    had(recommender, "u", "i2", 1)
    assert answers.trending(request(kind="trending"), UserState("")) == []


def test_a_sessions_list_follows_from_what_it_had_and_nothing_is_kept(
    answers: Answers, recommender: Recommender
) -> None:
    before = len(recommender.catalogue)
    asked = request(recent_item_ids=["i3", "no such item"], k=2)
    found = answers.recommend(asked, UserState("?"))
    assert set(ids(found)) == {"i2", "i4"}
    assert (found[0].source, found[0].reasons[0].item_id) == ("content", "i3")
    assert len(recommender.catalogue) == before


def test_a_session_is_a_user_with_that_history() -> None:
    state = session(["a", "b", "a"], 10_000)
    assert [past.item_id for past in state.history + state.open] == ["a", "b", "a"]
    assert [past.timestamp_s for past in state.history + state.open] == [8, 9, 10]
    assert set(state.had) == {"a", "b"}


def test_after_the_deadline_nothing_is_done(answers: Answers) -> None:
    asked = request(deadline_ms=now_ms() - 50)
    response = answers.response(asked, lambda: pytest.fail("was looked for"))
    assert response.items == []
    assert (response.error or "").startswith("too late: deadline_ms, milliseconds since the epoch, was ")
    response = answers.response(request(deadline_ms=now_ms() + 50_000), lambda: [])
    assert response.error is None


def test_a_fault_is_an_error_in_the_response(answers: Answers) -> None:
    def fail() -> list[ListItem]:
        message = "no such thing"
        raise KeyError(message)

    assert answers.response(request(), fail).error == "internal: KeyError: 'no such thing'"


def test_a_filter_is_handed_on_whole() -> None:
    given = request(
        filter={
            "category": "c",
            "tags": ["t"],
            "max_price": 2,
            "near": {"lat": 1, "lon": 2, "km": 3},
            "new": True,
        }
    )
    wanted = to_filter(given.filter)
    assert wanted is not None
    assert msgspec.to_builtins(wanted) == {
        "category": "c", "tags": ("t",), "max_price": 2.0, "near": {"lat": 1.0, "lon": 2.0, "km": 3.0},
        "is_new": True,
    }  # fmt: skip
    assert to_filter(None) is None
