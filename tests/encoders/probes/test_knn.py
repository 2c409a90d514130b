import numpy as np
import pytest

from encoders.probes import knn
from encoders.probes.errors import ProbeError
from encoders.probes.knn import knn_accuracy, nearest, vote

# Two bundles of directions: rows 0 to 2 and rows 3 to 5.
BUNDLES = np.array([[9, 1], [9, 2], [9, 3], [1, 9], [2, 9], [3, 9]], np.float32)


def test_an_entry_is_not_its_own_neighbour() -> None:
    found = nearest(BUNDLES, 2)
    assert [set(row) for row in found.rows.tolist()] == [{1, 2}, {0, 2}, {0, 1}, {4, 5}, {3, 5}, {3, 4}]
    assert (np.diff(found.cosines, axis=1) <= 0).all()


def test_queries_may_find_their_equal_and_length_does_not_matter() -> None:
    found = nearest(BUNDLES, 1, 1_000 * BUNDLES)
    assert found.rows[:, 0].tolist() == list(range(6))
    np.testing.assert_allclose(found.cosines, 1.0, atol=1e-6)


def test_many_queries_are_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.Generator(np.random.PCG64(1)).standard_normal((50, 8)).astype(np.float32)
    whole = nearest(vectors, 7)
    monkeypatch.setattr(knn, "ROWS_AT_ONCE", 8)
    np.testing.assert_array_equal(nearest(vectors, 7).rows, whole.rows)


@pytest.mark.parametrize("k", [0, 6])
def test_there_must_be_k_others(k: int) -> None:
    with pytest.raises(ProbeError, match=f"expected k from 1 to 5, the entries to choose from, got {k}"):
        nearest(BUNDLES, k)


def test_no_queries() -> None:
    assert nearest(BUNDLES, 3, BUNDLES[:0]).rows.shape == (0, 3)


def test_the_most_frequent_wins_however_near_the_others_are() -> None:
    assert vote(np.array([[1, 0, 0]]), np.array([[1.0, -1.0, -1.0]], np.float32)).tolist() == [0]


def test_of_equally_frequent_ones_the_nearer_wins() -> None:
    cosines = np.array([[0.9, 0.8, 0.7, 0.1]], np.float32)
    assert vote(np.array([[1, 0, 1, 0]]), cosines).tolist() == [1]
    assert vote(np.array([[0, 1, 0, 1]]), cosines).tolist() == [0]


def test_leave_one_out() -> None:
    # In the second line each bundle has a stranger: only the entry farthest from it is still right.
    assert knn_accuracy(BUNDLES, ["a"] * 3 + ["b"] * 3, 2) == 1.0
    assert knn_accuracy(BUNDLES, ["a", "a", "b", "b", "b", "a"], 2) == pytest.approx(2 / 6)


def test_queries_of_a_class_that_is_not_searched_are_wrong() -> None:
    queries = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    assert knn_accuracy(BUNDLES, ["a"] * 3 + ["b"] * 3, 3, queries, ["a", "b", "c"]) == pytest.approx(2 / 3)
