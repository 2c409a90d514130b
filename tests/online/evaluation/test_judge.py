import numpy as np

from online.evaluation.judge import MISSED, Judge
from online.evaluation.methods import Ranked


def ranked(items: list[int], scores: list[float]) -> Ranked:
    return Ranked(np.array(items, dtype=np.int32), np.array(scores))


def test_rank_is_the_place_in_the_list() -> None:
    ranks = Judge(10).ranks(ranked([5, 3, 8], [3.0, 2.0, 1.0]), np.array([8, 5, 1], dtype=np.int32))
    assert ranks.tolist() == [3, 1, MISSED]


def test_ties_count_against_the_method() -> None:
    ranks = Judge(10).ranks(ranked([5, 3, 8, 2], [2.0, 2.0, 2.0, 1.0]), np.array([5, 2], dtype=np.int32))
    assert ranks.tolist() == [3, 4]


def test_two_targets_in_one_tie_share_its_last_places() -> None:
    ranks = Judge(10).ranks(ranked([5, 3, 8], [1.0, 1.0, 1.0]), np.array([5, 3], dtype=np.int32))
    assert sorted(ranks.tolist()) == [2, 3]


def test_order_and_not_score_decides_where_a_rule_moved_an_item() -> None:
    ranks = Judge(10).ranks(ranked([5, 3], [0.1, 0.9]), np.array([5], dtype=np.int32))
    assert ranks.tolist() == [1]


def test_a_judge_forgets_the_last_list() -> None:
    judge = Judge(10)
    judge.ranks(ranked([5], [1.0]), np.array([5], dtype=np.int32))
    assert judge.ranks(ranked([3], [1.0]), np.array([5], dtype=np.int32)).tolist() == [MISSED]


def test_a_score_that_is_no_number_is_a_tie_with_nothing() -> None:
    ranks = Judge(4).ranks(ranked([2, 0, 1], [float("nan"), float("nan"), 0.5]), np.array([0, 1], np.int32))
    assert ranks.tolist() == [2, 3]
