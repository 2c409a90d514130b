import numpy as np
import pytest

from online.statistics.base import Observation
from online.statistics.ratings import PRIOR, Ratings, mean_rating


def rate(ratings: Ratings, row: int, *given: float) -> None:
    empty = np.zeros(0, np.int32)
    for value in given:
        rows, ones = np.array([row], np.int32), np.ones(1, np.float32)
        values = np.array([value], np.float32)
        ratings.fold(Observation(rows, ones, ones > 1, ones, values, empty, empty.astype(np.int64), 1e9))


def test_a_mean_is_told_from_that_of_all_and_shrunk_to_it() -> None:
    ratings = Ratings(4)
    rate(ratings, 0, 5, 5, 5)
    rate(ratings, 1, 1)
    # Three of five and one of one: the mean of all is 4.
    assert mean_rating(ratings.arrays, 0) == pytest.approx((15 - 3 * 4) / (3 + PRIOR))
    assert mean_rating(ratings.arrays, 1) == pytest.approx((1 - 4) / (1 + PRIOR))
    assert mean_rating(ratings.arrays, 2) == 0


def test_events_without_a_rating_say_nothing() -> None:
    ratings = Ratings(4)
    rate(ratings, 0, np.nan, np.nan)
    assert ratings.arrays.total.tolist() == [0, 0]


def test_one_rating_more_counts_however_many_there_were() -> None:
    ratings = Ratings(4)
    ratings.arrays.total[:] = ratings.arrays.sums[0] = 2.0**25, 2.0**27
    rate(ratings, 0, *[5.0] * 1_000)
    assert ratings.arrays.sums[0].tolist() == [2.0**25 + 1_000, 2.0**27 + 5_000]
