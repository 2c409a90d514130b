"""Which of thousands of rows are ranked: each source's best, as many as its quota."""

import numpy as np
import pytest
from numpy.typing import NDArray

from online.ranking.evidence import BLOCKED, GRAPH_SUM, WANTED, look_at, new_scratch
from online.ranking.select import want_best


def wanted(sums: NDArray[np.float32], quota: int, blocked: int = -1) -> set[int]:
    scratch = new_scratch(len(sums))
    for row, value in enumerate(sums):
        place = look_at(scratch, row, BLOCKED if row == blocked else 0)
        scratch.sums[place, GRAPH_SUM] = value
    want_best(scratch, GRAPH_SUM, quota)
    return set(np.flatnonzero(scratch.flags[: len(sums)] & WANTED).tolist())


def test_the_largest_are_wanted() -> None:
    assert wanted(np.array([1, 64, 0, 8, 2, 32], np.float32), 3) == {1, 3, 5}


def test_nothing_is_wanted_that_nothing_speaks_for() -> None:
    assert wanted(np.array([0, 0, 3], np.float32), 2) == {2}


@pytest.mark.parametrize("quota", [1, 3, 10])
def test_of_equals_as_many_as_fit_are_wanted(quota: int) -> None:
    assert len(wanted(np.full(10, 0.5, np.float32), quota)) == quota


def test_what_is_blocked_takes_no_room() -> None:
    assert wanted(np.array([1, 64, 8], np.float32), 2, blocked=1) == {0, 2}
