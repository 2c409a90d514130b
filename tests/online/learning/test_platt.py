"""The learner is told of lists of a world where a candidate's chance is known from its share."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from online.learning.platt import DEPTH, LEAST_SLOPE, PlattLearner
from online.ranking.chances import AS_THEY_ARE, Platt

COUNT = 400


def lists(true: Platt, count: int, seed: int = 0) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Scores of candidates, and which of them were had."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        scores = rng.normal(0, 1, COUNT).astype(np.float32)
        shares = np.exp(scores) / np.exp(scores).sum()
        yield scores, rng.random(COUNT) < true.chances(shares)


def sampled(
    scores: NDArray[np.float32], had: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """All that was had, and a quarter of the rest."""
    kept = had | (rng.random(len(had)) < 0.25)
    return scores[kept], had[kept]


def mean_distance(found: Platt, true: Platt) -> float:
    """Between two chances, relative to the true one, at shares of a list's first items."""
    shares = np.geomspace(0.005, 0.1, 20).astype(np.float32)
    return float(np.abs(found.chances(shares) / true.chances(shares) - 1).mean())


@pytest.mark.parametrize("true", [AS_THEY_ARE, Platt(1.0, 0.7), Platt(-0.5, 1.4)], ids=str)
@pytest.mark.parametrize("is_sampled", [False, True])
def test_it_finds_what_shares_are_worth_whether_all_candidates_are_kept_or_some(
    true: Platt, is_sampled: bool
) -> None:
    learner, rng = PlattLearner(), np.random.default_rng(1)
    for scores, had in lists(true, 3_000):
        kept = sampled(scores, had, rng) if is_sampled else (scores, had)
        learner.learn(*kept, COUNT)
    assert mean_distance(learner.platt(), true) < 0.2
    if true != AS_THEY_ARE:
        assert mean_distance(AS_THEY_ARE, true) > 0.4


def test_it_follows_a_change() -> None:
    learner = PlattLearner()
    for true in (Platt(-0.5, 1.4), Platt(1.0, 0.7)):
        for scores, had in lists(true, 4_000):
            learner.learn(scores, had, COUNT)
        assert mean_distance(learner.platt(), true) < 0.2


def test_lists_that_have_nothing_lower_the_chances_and_never_turn_the_order() -> None:
    learner = PlattLearner()
    scores = np.linspace(3, 0, COUNT, dtype=np.float32)
    for _ in range(50):
        learner.learn(scores, np.zeros(COUNT, np.bool_), COUNT)
    assert learner.platt().chances(np.array([0.05], np.float32)) < 0.02
    for _ in range(200):
        learner.learn(scores, scores < scores[DEPTH // 2], COUNT)
    assert learner.platt().slope >= LEAST_SLOPE


def test_scores_mean_the_same_wherever_their_zero_is() -> None:
    learners = PlattLearner(), PlattLearner()
    for scores, had in lists(AS_THEY_ARE, 20):
        for learner, zero in zip(learners, (0, 300), strict=True):
            learner.learn(scores + np.float32(zero), had, COUNT)
    assert learners[0].platt() == pytest.approx(learners[1].platt(), rel=1e-3)


def test_it_goes_on_from_what_it_saved() -> None:
    known, other = PlattLearner(), PlattLearner()
    for number, (scores, had) in enumerate(lists(Platt(1.0, 0.7), 40)):
        if number == 20:
            other.load(known.save())
        known.learn(scores, had, COUNT)
        if number >= 20:
            other.learn(scores, had, COUNT)
    assert known.platt() == other.platt()
