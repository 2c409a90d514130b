import math

import numpy as np
import pytest

from online.evaluation.judge import MISSED
from online.evaluation.measures import Judged


@pytest.fixture
def judged() -> Judged:
    """List 7 wanted three things and has two, at places 1 and 4; list 9 wanted one, at 12; list 11 missed its one."""
    ranks = np.array([4, MISSED, 1, 12, MISSED], dtype=np.int32)
    return Judged.grouped(ranks, np.array([7, 7, 7, 9, 11]))


def test_hit_rate_counts_lists_with_any_hit(judged: Judged) -> None:
    assert judged.hit_rate(10) == pytest.approx(1 / 3)
    assert judged.hit_rate(100) == pytest.approx(2 / 3)


def test_precision_is_over_places_and_recall_over_targets(judged: Judged) -> None:
    assert judged.precision(10) == pytest.approx((2 / 10) / 3)
    assert judged.recall(10) == pytest.approx((2 / 3) / 3)


def test_ndcg_has_an_ideal_of_all_targets_in_front(judged: Judged) -> None:
    gained = 1 / math.log2(2) + 1 / math.log2(5)
    ideal = 1 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert judged.ndcg(10) == pytest.approx(gained / ideal / 3)


def test_ndcg_ideal_stops_at_k() -> None:
    full = Judged.grouped(np.arange(1, 16, dtype=np.int32), np.zeros(15, dtype=np.int64))
    assert full.ndcg(10) == pytest.approx(1.0)


def test_mrr_takes_the_first_hit(judged: Judged) -> None:
    assert judged.mrr() == pytest.approx((1 + 1 / 12 + 0) / 3)


def test_figures_of_nothing_are_counts_only() -> None:
    nothing = Judged.grouped(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64))
    assert nothing.figures() == {"lists": 0.0, "targets": 0.0}


def test_figures_name_every_measure(judged: Judged) -> None:
    figures = judged.figures()
    assert figures["hr@10"] == judged.hit_rate(10)
    assert figures["lists"] == 3
    assert figures["targets"] == 5
