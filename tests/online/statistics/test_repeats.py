import math

import numpy as np
import pytest

from online.statistics.base import Observation
from online.statistics.repeats import (
    PRIOR,
    Repeats,
    category_share,
    count_repeats,
    overall_share,
    repeat_share,
)

DAY_S = 86_400.0
SLOTS = np.array([[1, 0, 0], [1, 4, 0], [2, 4, 5], [0, 0, 0]], np.int32)
"""Category and tags of four items: two of one category, one of another, one of none."""


def have(repeats: Repeats, row: int, count: int, *, again: bool, at_s: float = 0.0) -> None:
    for _ in range(count):
        empty = np.zeros(0, np.int32)
        rows, ones = np.array([row], np.int32), np.ones(1, np.float32)
        repeats.fold(
            Observation(rows, ones, np.array([again]), ones, ones, empty, empty.astype(np.int64), at_s)
        )


@pytest.fixture
def repeats() -> Repeats:
    made = Repeats(8, DAY_S)
    for row, count, again in ((0, 10, True), (1, 5, False), (2, 20, False), (3, 5, True)):
        have(made, row, count, again=again)
    return made


def test_shares_are_shrunk_with_prior_events_of_the_share_of_all(repeats: Repeats) -> None:
    overall = overall_share(repeats.arrays, 1)
    assert overall == pytest.approx(15 / (40 + PRIOR))
    for row, again, count in ((0, 10, 10), (2, 0, 20), (7, 0, 0)):
        expected = (again + PRIOR * overall) / (count + PRIOR)
        assert repeat_share(repeats.arrays, row, 1) == pytest.approx(expected)


def test_categories_are_summed_when_they_are_asked_for(repeats: Repeats) -> None:
    overall = overall_share(repeats.arrays, 1)
    assert category_share(repeats.arrays, 1, 1) == pytest.approx(overall)
    repeats.sum_categories(SLOTS, 4)
    for slot, again, count in ((1, 10, 15), (2, 0, 20), (0, 5, 5), (3, 0, 0), (4, 0, 25), (5, 0, 20)):
        expected = (again + PRIOR * overall) / (count + PRIOR)
        assert category_share(repeats.arrays, slot, 1) == pytest.approx(expected)


def test_a_second_sum_replaces_the_first(repeats: Repeats) -> None:
    repeats.sum_categories(SLOTS, 4)
    first = repeats.arrays.categories.copy()
    repeats.sum_categories(SLOTS, 4)
    np.testing.assert_array_equal(repeats.arrays.categories, first)
    repeats.sum_categories(SLOTS, 1)
    assert repeats.arrays.categories[1].tolist() == [10, 10]


def test_category_sums_fade_with_the_counts_they_are_made_of(repeats: Repeats) -> None:
    repeats.sum_categories(SLOTS, 4)
    # Forty-one half-lives later every stored number is scaled down at once.
    have(repeats, 7, 1, again=False, at_s=41 * DAY_S)
    np.testing.assert_allclose(
        repeats.arrays.categories[1], repeats.arrays.counts[0] + repeats.arrays.counts[1]
    )
    assert repeats.arrays.categories[1, 0] == pytest.approx(15 * 2.0**-41)


def test_one_event_more_counts_however_many_there_were() -> None:
    repeats = Repeats(4, math.inf)
    repeats.arrays.total[:] = repeats.arrays.counts[0] = 2.0**25, 2.0**23
    for _ in range(1_000):
        count_repeats(repeats.arrays, np.zeros(4, np.int32), np.array([True, False, False, False]), 1.0)
    assert repeats.arrays.total.tolist() == [2.0**25 + 4_000, 2.0**23 + 1_000]
    assert repeats.arrays.counts[0].tolist() == [2.0**25 + 4_000, 2.0**23 + 1_000]
