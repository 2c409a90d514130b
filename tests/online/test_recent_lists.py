import numpy as np
import pytest

from online.evaluation.lists import coverage, diversity
from online.events import Example, ExampleSet
from online.item import Item
from online.recent_lists import RecentLists
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig


@pytest.fixture
def recommender() -> Recommender:
    """One with eight documents, of which `i0` to `i3` have vectors: two alike, one at a right angle, one between."""
    made = Recommender(RecommenderConfig(capacity=64))
    for number in range(8):
        made.put_item(Item(f"i{number}"))
    for number, (x, y) in enumerate([(1, 0), (1, 0), (0, 1), (1, 1)]):
        made.put_vector(f"i{number}", np.array([x, y, *[0] * (made.config.dim - 2)], np.float32))
    return made


def test_without_lists_nothing_is_said(recommender: Recommender) -> None:
    recent = RecentLists()
    assert recent.quality(recommender) is None
    recent.note([])
    assert recent.quality(recommender) is None


def test_they_are_measured_as_the_evaluator_does(recommender: Recommender) -> None:
    lists = [["i0", "i1", "i2"], ["i3", "i0"], ["i5", "i6", "i1"], ["i2"]]
    recent = RecentLists()
    for item_ids in lists:
        recent.note(item_ids)
    heads = np.full((4, 3), -1, np.int32)
    for number, item_ids in enumerate(lists):
        heads[number, : len(item_ids)] = [recommender.catalogue.row(item_id) for item_id in item_ids]
    found = recent.quality(recommender)
    assert found is not None
    assert found.coverage_ratio == pytest.approx(coverage(heads, 8)) == 6 / 8
    assert found.diversity_ratio == pytest.approx(
        diversity(heads, recommender.statistics.content.vectors.units)
    )


def test_what_many_had_is_less_novel(recommender: Recommender) -> None:
    had = [Example("u", "i0", "click", 1.0, 0, 0, 0, 0, 0, 0, [], [])]
    for _ in range(7):
        recommender.fold(ExampleSet("u", 0, [], [], had))
    recent = RecentLists(limit=1)
    recent.note(["i1"])
    recent.note(["i0", "nobody's"])
    found = recent.quality(recommender)
    assert found is not None
    assert found.novelty_bits == pytest.approx(-np.log2(8 / 15))
