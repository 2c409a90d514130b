import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from online.evaluation.rows import LARGEST, Rows

Batch = tuple[list[int], list[int]]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.lists(st.integers(0, 49), max_size=8), st.lists(st.integers(0, 49), max_size=40)))
)
def test_it_is_a_matrix(batches: list[Batch]) -> None:
    rows, dense = Rows(50), np.zeros((50, 50))
    for number, (left, right) in enumerate(batches):
        left_weights, right_weights = np.full(len(left), 0.5), np.full(len(right), float(number + 1))
        rows.add_outer(np.array(left, np.int32), left_weights, np.array(right, np.int32), right_weights)
        np.add.at(dense, (np.array(left, int)[:, None], np.array(right, int)[None]), 0.5 * (number + 1))
    picked, weights = np.array([0, 7, 49], dtype=np.int32), np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(rows.gather(picked, weights), weights @ dense[picked])
    np.testing.assert_allclose(rows.sums, dense.sum(axis=1))


def test_a_row_at_its_limit_keeps_the_heavier_entries() -> None:
    size = 2 * LARGEST
    rows, row = Rows(size), np.zeros(1, dtype=np.int32)
    heavy = np.arange(100, dtype=np.int32)
    rows.add_outer(row, np.ones(1), heavy, np.full(100, 9.0))
    light = np.arange(100, size, dtype=np.int32)
    rows.add_outer(row, np.ones(1), light, np.ones(len(light)))
    kept = rows.gather(row, np.ones(1))
    assert (kept[:100] == 9.0).all()
    assert (kept > 0).sum() <= LARGEST * 3 // 4
    assert set(np.unique(kept)) == {0.0, 1.0, 9.0}
