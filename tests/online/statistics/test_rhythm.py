import numpy as np
import pytest

from online.statistics.base import Observation
from online.statistics.rhythm import PRIOR, Rhythm, log_hours, usual_gap

HOUR_S = 3_600.0


def gap(rhythm: Rhythm, row: int, hours: float, count: int = 1) -> None:
    for _ in range(count):
        rows, ones, empty = np.array([row], np.int32), np.ones(1, np.float32), np.zeros(0, np.int32)
        gaps = np.array([hours * HOUR_S], np.float32)
        rhythm.fold(Observation(rows, ones, gaps > 0, gaps, ones, empty, empty.astype(np.int64), 1e9))


@pytest.mark.parametrize(("seconds", "expected"), [(0, 0), (-5, 0), (HOUR_S, 1), (7 * HOUR_S, 3)])
def test_gaps_are_measured_in_doublings_of_hours(seconds: float, expected: float) -> None:
    assert log_hours(seconds) == pytest.approx(expected)


def test_a_rhythm_is_the_items_own_shrunk_to_that_of_all() -> None:
    rhythm = Rhythm(4)
    gap(rhythm, 0, hours=7, count=15)
    gap(rhythm, 1, hours=127, count=5)
    overall = (15 * 3 + 5 * 7) / 20
    assert usual_gap(rhythm.arrays, 0) == pytest.approx((15 * 3 + PRIOR * overall) / (15 + PRIOR))
    assert usual_gap(rhythm.arrays, 1) == pytest.approx((5 * 7 + PRIOR * overall) / (5 + PRIOR))
    assert usual_gap(rhythm.arrays, 2) == pytest.approx(overall)


def test_what_is_had_for_the_first_time_says_nothing() -> None:
    rhythm = Rhythm(4)
    gap(rhythm, 0, hours=0, count=9)
    assert not rhythm.arrays.sums.any()
    assert usual_gap(rhythm.arrays, 0) == 0


def test_a_forgotten_row_is_as_all_are() -> None:
    rhythm = Rhythm(4)
    gap(rhythm, 0, hours=1, count=9)
    gap(rhythm, 1, hours=127)
    rhythm.forget(np.array([0], np.int32))
    assert usual_gap(rhythm.arrays, 0) == pytest.approx((9 * 1 + 7) / 10)


def test_one_repeat_more_counts_however_many_there_were() -> None:
    rhythm = Rhythm(4)
    rhythm.arrays.total[:] = rhythm.arrays.sums[0] = 2.0**25, 2.0**27
    gap(rhythm, 0, hours=7, count=1_000)
    assert rhythm.arrays.sums[0].tolist() == [2.0**25 + 1_000, 2.0**27 + 3_000]
