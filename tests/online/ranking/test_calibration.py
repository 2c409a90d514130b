import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from online.ranking.calibration import calibrated, miscalibration, shares_of


def labels(*items: list[int]) -> NDArray[np.int32]:
    return np.array([item + [0] * (3 - len(item)) for item in items], np.int32)


POOL = labels([1], [1], [1], [1], [2], [2], [3])
SCORES = np.array([0.3, 0.2, 0.15, 0.1, 0.1, 0.1, 0.05], np.float32)


def test_kinds_get_the_shares_that_they_have_of_what_was_had() -> None:
    had, weights = labels([1], [2]), np.array([1, 1], np.float32)
    assert calibrated(SCORES, POOL, had, weights, 4, 0.0).tolist() == [0, 1, 2, 3]
    chosen = calibrated(SCORES, POOL, had, weights, 4, 0.9)
    assert chosen.tolist() == [0, 1, 4, 5]
    assert miscalibration(POOL[chosen], had, weights) == pytest.approx(0, abs=1e-9)
    more_of_two = calibrated(SCORES, POOL, had, np.array([1, 9], np.float32), 4, 0.9)
    assert POOL[more_of_two, 0].tolist() == [1, 1, 2, 2]  # there are no more


def test_an_item_has_an_equal_part_of_each_of_its_kinds_and_heavier_ones_count_more() -> None:
    of_items, of_had = shares_of(labels([1, 2], [3]), labels([1], [2, 3]), np.array([3, 1], np.float32))
    assert of_items.tolist() == [[0.5, 0.5, 0], [0, 0, 1]]
    assert of_had.tolist() == pytest.approx([6 / 8, 1 / 8, 1 / 8])


def test_without_kinds_the_order_stays() -> None:
    nothing = np.zeros((0, 3), np.int32)
    assert calibrated(SCORES, POOL, nothing, np.zeros(0, np.float32), 4, 0.9).tolist() == [0, 1, 2, 3]
    assert miscalibration(POOL, nothing, np.zeros(0, np.float32)) is None
    assert calibrated(SCORES, 0 * POOL, labels([0]), np.ones(1, np.float32), 4, 0.9).tolist() == [0, 1, 2, 3]


@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=12),
    st.lists(st.integers(1, 3), min_size=1),
    st.integers(1, 8),
)
def test_of_equal_items_it_takes_those_that_leave_the_list_nearest(
    pool: list[int], had: list[int], k: int
) -> None:
    of_pool, of_had = labels(*([kind] for kind in pool)), labels(*([kind] for kind in had))
    weights, equal = np.ones(len(had), np.float32), np.full(len(pool), 0.1, np.float32)
    chosen = calibrated(equal, of_pool, of_had, weights, k, 0.5).tolist()
    assert chosen == sorted(set(chosen))
    expected: list[int] = []
    for _ in range(min(k, len(pool))):
        left = sorted(set(range(len(pool))) - set(expected))
        expected.append(
            min(left, key=lambda i: (round(_far(of_pool[[*expected, i]], of_had, weights), 9), i))
        )
    assert len(chosen) == len(expected)
    if any(pool):
        assert _far(of_pool[chosen], of_had, weights) == pytest.approx(
            _far(of_pool[expected], of_had, weights)
        )


def _far(listed: NDArray[np.int32], had: NDArray[np.int32], weights: NDArray[np.float32]) -> float:
    found = miscalibration(listed, had, weights)
    assert found is not None
    return found
