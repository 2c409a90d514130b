import math

import numpy as np
import pytest

from online.fusion.losses import aligned, sampled_softmax


def loss_of(
    scores: list[list[float]], items: list[int], candidates: list[int], **changed: np.ndarray
) -> float:
    shape = (len(items), len(candidates))
    given = {"had": np.zeros(shape, np.bool_), "liked": np.ones(len(items), np.bool_)} | changed
    own, all_rows = np.array(items, np.int32), np.array(candidates, np.int32)
    made = np.array(scores, np.float32)
    return sampled_softmax(made, own, all_rows, given["had"], given["liked"])[0]


def test_what_is_liked_is_compared_with_the_other_candidates() -> None:
    assert loss_of([[1.0, 0.0, 0.0]], [7], [7, 8, 9]) == pytest.approx(-math.log(math.e / (math.e + 2)))


def test_equal_items_and_what_was_had_are_no_negatives() -> None:
    only_one = loss_of([[1.0, 0.0]], [7], [7, 9])
    assert loss_of([[1.0, 5.0, 0.0]], [7], [7, 7, 9]) == pytest.approx(only_one)
    had = np.array([[False, True, False]])
    assert loss_of([[1.0, 5.0, 0.0]], [7], [7, 8, 9], had=had) == pytest.approx(only_one)


def test_what_is_refused_is_better_the_less_likely_it_is() -> None:
    refused = np.zeros(1, np.bool_)
    likely, unlikely = (loss_of([[score, 0.0]], [7], [7, 8], liked=refused) for score in (3.0, -3.0))
    assert unlikely == pytest.approx(-math.log(1 - 1 / (1 + math.exp(3))))
    assert likely > 2.5 > unlikely


def test_parts_of_an_item_are_told_from_those_of_others() -> None:
    units = np.eye(4, dtype=np.float32)
    assert aligned(units, units)[0] < 0.01
    assert aligned(units, np.roll(units, 1, axis=0))[0] > 5
