import itertools
from typing import Literal, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from online.ranking.diversity import JITTER, RARITY, diversified, likeness

Way = Literal["dpp", "mmr"]
every_way = pytest.mark.parametrize("diversifier", get_args(Way))
EQUAL = np.zeros(4, np.float32)


def units(*rows: list[float]) -> NDArray[np.float32]:
    found = np.array(rows, np.float32)
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(norms > 0, norms, 1), np.float32)


NO_LABELS = np.zeros((4, 2), np.int32)
TWINS = likeness(units([1, 0], [1, 0], [1, 0], [0, 1]), NO_LABELS)
"""Three alike and one that differs."""


@every_way
def test_what_differs_moves_up_as_far_as_the_dial_allows(diversifier: Way) -> None:
    scores = np.array([0.4, 0.3, 0.2, 0.1], np.float32)
    orders = [diversified(scores, TWINS, EQUAL, 4, dial, diversifier).tolist() for dial in (0.0, 0.05, 0.9)]
    assert orders[:2] == [[0, 1, 2, 3]] * 2
    assert orders[2] == [0, 3, 1, 2]


def test_the_greedy_process_takes_what_raises_the_determinant_most() -> None:
    rng = np.random.default_rng(3)
    vectors = units(*np.abs(rng.standard_normal((8, 5))).tolist())
    scores = np.sort(rng.random(8).astype(np.float32))[::-1]
    alike, weight = likeness(vectors, np.zeros((8, 2), np.int32)).astype(np.float64), 0.5 / 0.5

    def worth(chosen: list[int]) -> float:
        kernel = alike[np.ix_(chosen, chosen)] + JITTER * np.eye(len(chosen))
        return float(np.log(scores[chosen]).sum() + weight * np.linalg.slogdet(kernel)[1])

    expected: list[int] = []
    for _ in range(4):
        expected.append(max(set(range(8)) - set(expected), key=lambda i: worth([*expected, i])))
    found = diversified(
        scores, likeness(vectors, np.zeros((8, 2), np.int32)), np.zeros(8, np.float32), 4, 0.5
    )
    assert found.tolist() == expected
    best = max(itertools.combinations(range(8), 4), key=lambda chosen: worth(list(chosen)))
    assert worth(expected) >= worth(list(best)) - abs(worth(list(best))) * 0.2


@every_way
def test_of_two_that_differ_as_much_the_rarer_comes_first(diversifier: Way) -> None:
    apart = likeness(units([1, 0, 0], [0, 1, 0], [0, 0, 1]), NO_LABELS[:3])
    scores = np.array([0.5, 0.25, 0.24], np.float32)
    counts = np.array([1, 1_000, 1], np.float32)
    assert np.log(0.25 / 0.24) < RARITY * np.log(1_001 / 2)
    assert diversified(scores, apart, counts, 3, 0.5, diversifier).tolist() == [0, 2, 1]


def test_likeness_is_by_labels_where_there_is_no_content_and_by_both_where_there_is() -> None:
    labels = np.array([[1, 2], [1, 0], [3, 0], [0, 0]], np.int32)
    by_labels = likeness(np.zeros((4, 3), np.float32), labels)
    assert by_labels[0] == pytest.approx([1, 1 / np.sqrt(2), 0, 0])
    assert by_labels[3] == pytest.approx([0, 0, 0, 0])
    both = likeness(units([1, 0], [1, 0], [1, 0], [0, 0]), labels)
    assert both[0] == pytest.approx([1, 0.5 + 0.5 / np.sqrt(2), 0.5, 0])
    assert np.diag(both) == pytest.approx([1, 1, 1, 0])


@given(
    vectors=st.lists(st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3), min_size=1, max_size=12),
    labels=st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=12, max_size=12),
    k=st.integers(1, 15),
    dial=st.floats(0, 0.99),
    diversifier=st.sampled_from(get_args(Way)),
)
def test_every_list_is_full_and_has_nothing_twice(
    vectors: list[list[float]], labels: list[list[int]], k: int, dial: float, diversifier: Way
) -> None:
    count = len(vectors)
    alike = likeness(units(*vectors), np.array(labels[:count], np.int32))
    scores = np.linspace(1, 0, count, dtype=np.float32)  # the last score is zero
    chosen = diversified(scores, alike, np.ones(count, np.float32), k, dial, diversifier).tolist()
    assert len(set(chosen)) == len(chosen) == min(k, count)
    assert set(chosen) <= set(range(count))
    assert chosen[0] == 0 or dial > 0
