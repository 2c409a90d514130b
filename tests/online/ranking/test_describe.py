"""Evidence of candidates in small streams, where every number can be told beforehand."""

import math

import numpy as np
import pytest

from online.fusion.taste import Taste
from online.item import Item
from online.ranking import evidence as e
from online.ranking.describe import USUAL_SHARE
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import SET_DECAY
from online.statistics.views import queries
from tests.online.streams_of_events import DAY_MS, START_MS, River, pairs

NOW_DAY = 10.0
HOUR = 1 / 24


def at(day: float) -> int:
    return START_MS + int(day * DAY_MS)


@pytest.fixture
def river() -> River:
    return River(Recommender(RecommenderConfig(capacity=1_024, dim=4)))


def ask(river: River, user_id: str, column: int, day: float = NOW_DAY) -> dict[str, float]:
    """The column of each candidate of a user's list."""
    catalogue = river.recommender.catalogue
    found = river.recommender.candidates(river.state(user_id), now_ms=at(day), wall_ms=0)
    return {
        catalogue.item_id(r): float(v) for r, v in zip(found.rows, found.evidence[:, column], strict=True)
    }


def test_how_often_and_when_the_user_had_it(river: River) -> None:
    river.has("other", "never")
    for day, item_id in ((0, "a"), (2, "a"), (4, "b")):
        river.has("u", item_id, at_ms=at(day))
    assert ask(river, "u", e.HAD) == {"never": 0, "a": 1, "b": 1}
    assert ask(river, "u", e.TIMES) == {"never": 0, "a": 2, "b": 1}
    assert ask(river, "u", e.SINCE_HAD) == {"never": 0, "a": 8, "b": 6}
    assert ask(river, "u", e.SINCE_FIRST) == {"never": 0, "a": 10, "b": 6}
    frequency = {"never": 0, "a": SET_DECAY + SET_DECAY**2, "b": 1}
    assert ask(river, "u", e.FREQUENCY) == pytest.approx(frequency)


def test_the_open_set_counts_as_if_it_were_closed(river: River) -> None:
    for day in (0, 2, 4):
        river.has("u", "a", at_ms=at(day))
    for column, value in ((e.TIMES, 3), (e.SINCE_HAD, 6), (e.SINCE_FIRST, 10)):
        assert ask(river, "u", column) == {"a": value}


def test_since_when_and_how_lately_anybody_had_it(river: River) -> None:
    for day, user_id, item_id in ((1, "v", "a"), (3, "w", "a"), (4, "u", "b")):
        river.has(user_id, item_id, at_ms=at(day))
    river.recommender.put_vector("b", np.ones(4, np.float32))
    river.recommender.put_vector("nobody", np.ones(4, np.float32))
    assert ask(river, "u", e.AGE) == pytest.approx({"a": 9, "b": 6, "nobody": 0})
    assert ask(river, "u", e.IDLE) == pytest.approx({"a": 7, "b": 6, "nobody": 0})


def test_due_is_how_much_longer_ago_than_usual_in_powers_of_two(river: River) -> None:
    for day in range(4):
        river.has("daily", "milk", at_ms=at(day))
    river.has("u", "milk", at_ms=at(5))
    for hours in (1, 24, 96):
        expected = math.log2(1 + hours) - math.log2(1 + 24)
        assert ask(river, "u", e.DUE, 5 + hours * HOUR)["milk"] == pytest.approx(expected, abs=1e-3)
    assert ask(river, "u", e.OWN_DUE)["milk"] == 0
    assert ask(river, "nobody", e.DUE)["milk"] == 0


def test_own_due_goes_by_the_users_own_gaps(river: River) -> None:
    for day in range(30):
        river.has("hourly", "milk", at_ms=at(day * HOUR))
    for day in (0, 2, 4):
        river.has("u", "milk", at_ms=at(day))
    for days in (1, 2, 8):
        expected = math.log2(1 + 24 * days) - math.log2(1 + 48)
        assert ask(river, "u", e.OWN_DUE, 4 + days)["milk"] == pytest.approx(expected, abs=1e-3)


def test_what_share_of_what_the_user_had_is_of_the_category(river: River) -> None:
    for item_id in ("tea1", "tea2", "tea3", "cup1", "cup2"):
        river.recommender.put_item(Item(item_id, category=item_id[:3]))
    river.has("other", "tea3", "cup2", "plain", at_ms=at(0))
    river.has("u", "tea1", "tea2", "odd", at_ms=at(1))
    river.has("u", "cup1", at_ms=at(2))
    before = SET_DECAY / (1 + 3 * SET_DECAY)
    shares = ask(river, "u", e.CATEGORY)
    expected = {"tea3": 2 * before, "cup2": 1 - 3 * before, "plain": 0, "odd": 0}
    assert {item_id: shares[item_id] for item_id in expected} == pytest.approx(expected)
    # Lately: the last set weighs 1, the three entries before it .8 + .64 + .512 together.
    total = 1 + 0.8 + 0.64 + 0.512
    lately = ask(river, "u", e.CATEGORY_LAST)
    assert (lately["tea3"], lately["cup2"]) == pytest.approx(((total - 1) * 2 / 3 / total, 1 / total))


def test_a_label_speaks_by_how_much_more_of_it_the_user_had_than_others_have(river: River) -> None:
    recommender = river.recommender
    for item_id, tags in (("rare1", ["rare"]), ("rare2", ["rare"]), ("plain1", []), ("plain2", [])):
        recommender.put_item(Item(item_id, category="food", tags=tags))
    river.has("other", "plain1", "plain2", "rare2", "odd", at_ms=at(0))
    river.has("u", "rare1", at_ms=at(0))
    assert (ask(river, "u", e.LABEL)["odd"], ask(river, "v", e.LABEL)["rare1"]) == (0, 0)
    slots = recommender.catalogue.categories.slots
    recommender.statistics.repeats.sum_categories(slots, recommender.catalogue.end)
    totals = recommender.statistics.repeats.arrays
    usual = {
        label: totals.categories[slots[row, place], 0] / totals.total[0] + USUAL_SHARE
        for label, row, place in (
            ("food", recommender.catalogue.row("rare1"), 0),
            ("rare", recommender.catalogue.row("rare1"), 1),
        )
    }
    assert usual["food"] == pytest.approx(0.8 + USUAL_SHARE)
    assert usual["rare"] == pytest.approx(0.4 + USUAL_SHARE)
    for column in (e.LABEL, e.LABEL_LAST):
        found = ask(river, "u", column)
        assert (found["rare2"], found["plain1"]) == pytest.approx((1 / usual["rare"], 1 / usual["food"]))


def test_one_users_categories_are_not_anothers(river: River) -> None:
    for item_id in ("tea", "tea2"):
        river.recommender.put_item(Item(item_id, category="tea"))
    river.has("u", "tea")
    river.has("v", "odd")
    assert ask(river, "u", e.CATEGORY)["tea"] == pytest.approx(1)
    for column in (e.CATEGORY, e.CATEGORY_LAST, e.LABEL, e.LABEL_LAST):
        assert ask(river, "v", column)["tea"] == 0


def test_an_item_is_cold_until_its_fifth_event(river: River) -> None:
    for number in range(5):
        river.has(f"u{number}", "warm", *(["cold"] if number else []))
    assert ask(river, "new", e.COLD) == {"warm": 0, "cold": 1}


def test_ratings_are_told_from_the_mean_of_all(river: River) -> None:
    for number in range(5):
        river.has(f"u{number}", "good", action="rate", value=5)
        river.has(f"u{number}", "bad", at_ms=START_MS + 1, action="rate", value=1)
    river.has("u", "unrated")
    # Five ratings each, shrunk with five of the mean, which is 3.
    assert ask(river, "new", e.RATING) == {"good": 1, "bad": -1, "unrated": 0}


def test_counts_are_decayed_to_the_time_of_the_list(river: River) -> None:
    for number in range(4):
        river.has(f"u{number}", "a", at_ms=at(0))
    river.has("u0", "a", at_ms=at(0) + 1)
    for number in range(200):  # two days' worth: with fewer events less time would pass
        river.has(f"v{number}", "b", at_ms=at(0))
    columns = {e.ALL_TIME: 5.0, e.DAILY: 5 / 4, e.RECENT: 5 * 2 ** (-2 / 7), e.FIRST_TIME: 4 * 2 ** (-2 / 3)}
    for column, value in columns.items():
        assert ask(river, "new", column, day=2)["a"] == pytest.approx(value, rel=1e-4)
    assert ask(river, "new", e.HOURLY, day=2 * HOUR)["a"] == pytest.approx(5 / 4, rel=1e-4)


def test_what_users_with_a_history_as_long_have(river: River) -> None:
    for number in range(6):
        river.has(f"u{number}", "first", at_ms=at(0))
        river.has(f"u{number}", "second", at_ms=at(0) + 1)
    river.has("one", "first", at_ms=at(0) + 2)
    assert ask(river, "new", e.BY_LENGTH, day=0) == pytest.approx({"first": 7, "second": 0})
    assert ask(river, "one", e.BY_LENGTH, day=0) == pytest.approx({"first": 0, "second": 6})


def test_what_the_graph_says_and_which_entry_says_most(river: River) -> None:
    pairs(river)
    river.has("new", "x", at_ms=at(1))
    river.has("new", "a", at_ms=at(2))
    links, because = ask(river, "new", e.LINKS), ask(river, "new", e.BECAUSE)
    assert (links["b"], because["b"], links["y"], because["y"]) == (1, 0, 1, 1)
    graph, most, last = (ask(river, "new", column) for column in (e.GRAPH, e.GRAPH_MOST, e.GRAPH_LAST))
    assert graph["b"] == most["b"] > graph["y"] == most["y"] > 0
    assert last["b"] > last["y"] == 0
    forward = ask(river, "new", e.FORWARD_LAST)
    assert forward["b"] > forward["y"] == 0


def test_alike_to_the_history_and_to_its_last_entry(river: River) -> None:
    vectors = {"up": (0, 1), "right": (1, 0), "both": (1, 1), "down": (-1, -1)}
    for item_id, (x, y) in vectors.items():
        river.recommender.put_vector(item_id, np.array([x, y, 0, 0], np.float32))
    for day, item_id in enumerate(("up", "right")):
        river.has("u", item_id, at_ms=at(day))
    river.has("other", "down")
    # The profile is right + .8 up; of both that is (1.8 / sqrt 2) / sqrt 1.64.
    near = ask(river, "u", e.CONTENT)
    assert (near["both"], near["down"]) == pytest.approx((1.8 / math.sqrt(2 * 1.64), 0))
    last = ask(river, "u", e.CONTENT_LAST)
    assert (last["both"], last["up"], last["right"]) == pytest.approx((math.sqrt(0.5), 0, 1))


def test_a_taste_speaks_for_what_the_history_is_mapped_to_above_the_mean(river: River) -> None:
    for item_id, (x, y) in {"up": (0, 1), "right": (1, 0), "left": (-1, 0)}.items():
        river.recommender.put_vector(item_id, np.array([x, y, 0, 0], np.float32))
    river.has("u", "up", at_ms=at(0))
    river.has("other", "right")
    river.has("another", "left")
    assert set(ask(river, "u", e.TASTE).values()) == {0.0}
    likes = np.zeros((2, 1, 2), np.float32)
    likes[0, 0, 0] = 3.0
    gates, bias, skips = (np.zeros(shape, np.float32) for shape in ((2, 2, 1), 4, 2))
    river.recommender.taste = Taste(gates, skips[:, None], likes, bias, skips, 2.0)
    # Whatever was had, three to the right are liked, twice as sharply: 6, 0 and -6.
    liked = ask(river, "u", e.TASTE)
    assert liked["right"] - liked["left"] == pytest.approx(12)
    assert sum(liked.values()) == pytest.approx(0, abs=1e-5)
    assert set(ask(river, "new", e.TASTE).values()) == {0.0}


def test_users_asked_for_together_are_liked_to_like_what_they_are_alone(river: River) -> None:
    recommender, rng = river.recommender, np.random.default_rng(5)
    for number in range(80):
        recommender.put_vector(f"i{number}", rng.normal(size=4).astype(np.float32))
        river.has("many", f"i{number}", at_ms=at(0) + number)  # more than a taste looks at
    river.has("bare", "nothing", at_ms=at(0))  # has no vector
    river.has("both", "nothing", at_ms=at(0))
    river.has("both", "i3", at_ms=at(0) + 1)
    gates, gate_biases, by_kind, bias, skips = (
        rng.normal(size=shape).astype(np.float32) for shape in ((2, 2, 3), (2, 3), (2, 3, 2), 4, 2)
    )
    recommender.taste = Taste(gates, gate_biases, by_kind, bias, skips, 2.0)
    states = [river.state(user_id) for user_id in ("new", "many", "bare", "both", "new")]
    liked, likes = recommender._liked(queries(states, recommender.catalogue, [at(1)] * len(states)))
    assert likes.tolist() == [False, True, False, True, False]
    for state, together, does in zip(states, liked, likes, strict=True):
        alone, _ = recommender._liked(queries([state], recommender.catalogue, [at(1)]))
        np.testing.assert_allclose(together, alone[0], rtol=1e-5)
        assert does == alone.any()
