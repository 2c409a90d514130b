import numpy as np
import pytest

from online.evaluation.lists import category_vectors, coverage, diversity
from online.evaluation.replay import NO_ITEM


def heads(*lists: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    return np.array([items + [NO_ITEM] * (10 - len(items)) for items in lists], dtype=np.int32)


def test_coverage_counts_distinct_items() -> None:
    assert coverage(heads([0, 1], [1, 2]), 12) == pytest.approx(3 / 12)


def test_items_of_one_category_are_not_diverse_and_of_different_ones_fully() -> None:
    vectors = category_vectors([("drama",), ("drama",), ("war",)])
    assert diversity(heads([0, 1]), vectors) == pytest.approx(0.0)
    assert diversity(heads([0, 2]), vectors) == pytest.approx(1.0)


def test_shared_categories_are_cosines_averaged_over_pairs_and_lists() -> None:
    vectors = category_vectors([("drama", "war"), ("drama",), ("comedy",)])
    half = 1 / np.sqrt(2)
    expected = ((1 - half) + (1 - (half + 0 + 0) / 3)) / 2
    assert diversity(heads([0, 1], [0, 1, 2]), vectors) == pytest.approx(expected, abs=1e-6)


def test_lists_too_short_to_be_diverse_do_not_count() -> None:
    vectors = category_vectors([("drama",), ("war",)])
    assert diversity(heads([0], [0, 1], []), vectors) == pytest.approx(1.0)
