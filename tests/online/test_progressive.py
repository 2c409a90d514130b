import numpy as np
import pytest

from online.evaluation.judge import MISSED
from online.evaluation.measures import Judged
from online.events import Example, ExampleSet, Past
from online.progressive import POPULAR_SETS, ProgressiveHits
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.statistics.content import COLD_BELOW


def a_set(standing: list[str], *items: str, action: str = "click") -> ExampleSet:
    examples = [Example("u", i, action, 1.0, 0, 0, 0, 0, 0, 0, [], standing) for i in items]
    return ExampleSet("u", 0, [], standing, examples)


@pytest.fixture
def recommender() -> Recommender:
    """One in which `a` is most popular, then `b`."""
    made = Recommender(RecommenderConfig(capacity=64))
    for items in ("a", "a", "b", "ab"):
        made.fold(a_set([], *items))
    return made


def test_before_any_set_there_is_no_ratio(recommender: Recommender) -> None:
    hits = ProgressiveHits()
    hits.score(a_set([], "a"), recommender)
    hits.score(a_set(["a"], "a", action="skip"), recommender)
    hits.score(a_set(["a"], "a", action="hide"), recommender)
    assert (hits.ratios(), hits.count) == (None, 0)


def test_the_standing_list_and_popularity_are_scored_alike(recommender: Recommender) -> None:
    hits = ProgressiveHits()
    hits.score(a_set(["x", "y"], "x", "z"), recommender)  # the list hits
    hits.score(a_set(["x", "y"], "b"), recommender)  # popularity hits with its second
    hits.score(a_set(["x"], "b"), recommender)  # a list of one is compared with the one most popular item
    hits.score(a_set(["a"], "a"), recommender)  # both hit
    assert hits.ratios() == (0.5, 0.5)
    assert hits.count == 4


def test_only_recent_sets_count_in_the_ratio(recommender: Recommender) -> None:
    hits = ProgressiveHits(window_sets=2)
    for wanted in ("a", "x", "x"):
        hits.score(a_set(["x"], wanted), recommender)
    assert hits.ratios() == (1.0, 0.0)
    assert hits.count == 3


def test_places_count_as_in_the_evaluator(recommender: Recommender) -> None:
    hits = ProgressiveHits()
    hits.score(a_set(["x", "y", "z"], "z"), recommender)
    ndcg = hits.by_slice()["all", "standing"].ndcg
    assert ndcg == pytest.approx(Judged.grouped(np.array([3]), np.array([0])).ndcg(10))
    hits = ProgressiveHits()
    hits.score(a_set(["x", "y", "z"], "y", "w", "y", "x"), recommender)
    ndcg = hits.by_slice()["all", "standing"].ndcg
    assert ndcg == pytest.approx(Judged.grouped(np.array([2, MISSED, 1]), np.zeros(3, np.int64)).ndcg(10))


def test_a_set_counts_in_its_slices_for_what_each_looks_for(recommender: Recommender) -> None:
    for _ in range(COLD_BELOW):
        recommender.fold(a_set([], "warm"))
    hits = ProgressiveHits(media_of={"warm": "text", "cold": "text+image"}.__getitem__)
    hits.score(a_set(["cold"], "warm", "cold"), recommender)
    known = a_set(["warm"], "warm")
    known.history = [Past("a", 0, "click")] * COLD_BELOW
    hits.score(known, recommender)
    found = {part: worth for (part, name), worth in hits.by_slice().items() if name == "standing"}
    assert {part: (worth.hit_ratio, worth.sets) for part, worth in found.items()} == {
        "all": (1.0, 2),
        "new_users": (1.0, 1),
        "basket_1": (1.0, 1),
        "basket_2-4": (1.0, 1),
        "cold_items": (1.0, 1),
        "media_text": (0.5, 2),
        "media_text+image": (1.0, 1),
    }


def test_what_is_popular_is_looked_at_again(recommender: Recommender) -> None:
    hits = ProgressiveHits(window_sets=1)
    hits.score(a_set(["x"], "new"), recommender)
    for _ in range(10):
        recommender.fold(a_set([], "new"))
    for _ in range(POPULAR_SETS + 1):
        hits.score(a_set(["x"], "new"), recommender)
    assert hits.by_slice()["all", "popularity"].hit_ratio == 1.0
