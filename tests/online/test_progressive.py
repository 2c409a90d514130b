import pytest

from online.events import Example, ExampleSet
from online.progressive import ProgressiveHits
from online.recommender import Recommender, RecommenderConfig


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
