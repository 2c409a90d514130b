import numpy as np

from online.statistics.ages import Ages
from online.statistics.base import Observation


def have(ages: Ages, row: int, at_s: float) -> None:
    rows, ones, empty = np.array([row], np.int32), np.ones(1, np.float32), np.zeros(0, np.int32)
    ages.fold(Observation(rows, ones, ones > 1, ones, ones, empty, empty.astype(np.int64), at_s))


def test_first_and_last_are_kept_and_a_late_set_moves_no_last_time_back() -> None:
    ages = Ages(4)
    for at_s in (100.0, 300.0, 200.0):
        have(ages, 1, at_s)
    assert ages.arrays.first_s.tolist() == [0, 100, 0, 0]
    assert ages.arrays.last_s.tolist() == [0, 300, 0, 0]
