"""The learner is told of lists of a world where a candidate's chance is known from its share."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from online.learning.platt import LEAST_SLOPE, PlattLearner
from online.ranking.chances import AS_THEY_ARE, Platt

COUNT, DEPTH = 400, 10


def lists(true: Platt, count: int, seed: int = 0) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Shares of the first items of lists, and which of them were had."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        parts = np.exp(rng.normal(0, 1, COUNT).astype(np.float32))
        shares = np.sort(parts / parts.sum())[::-1][:DEPTH]
        yield shares, rng.random(DEPTH) < true.chances(shares)


def mean_distance(found: Platt, true: Platt) -> float:
    """Between two chances, relative to the true one, at shares of a list's first items."""
    shares = np.geomspace(0.005, 0.1, 20).astype(np.float32)
    return float(np.abs(found.chances(shares) / true.chances(shares) - 1).mean())


@pytest.mark.parametrize("true", [AS_THEY_ARE, Platt(1.0, 0.7), Platt(-0.5, 1.4)], ids=str)
def test_it_finds_what_shares_are_worth(true: Platt) -> None:
    learner = PlattLearner()
    for shares, had in lists(true, 6_000):
        learner.learn(shares, had)
    assert mean_distance(learner.platt(), true) < 0.2
    if true != AS_THEY_ARE:
        assert mean_distance(AS_THEY_ARE, true) > 0.4


def test_chances_are_right_on_the_whole() -> None:
    learner, true = PlattLearner(), Platt(0.4, 0.9)
    given, had_of_them = [], []
    for number, (shares, had) in enumerate(lists(true, 12_000)):
        if number >= 4_000:
            given.append(learner.platt().chances(shares).mean())
            had_of_them.append(had.mean())
        learner.learn(shares, had)
    assert np.mean(given) == pytest.approx(np.mean(had_of_them), rel=0.03)


def test_it_follows_a_change() -> None:
    learner = PlattLearner()
    for true in (Platt(-0.5, 1.4), Platt(1.0, 0.7)):
        for shares, had in lists(true, 16_000):
            learner.learn(shares, had)
        assert mean_distance(learner.platt(), true) < 0.2


def test_lists_that_have_nothing_lower_the_chances_and_never_turn_the_order() -> None:
    learner = PlattLearner()
    shares = np.linspace(0.1, 0.01, DEPTH, dtype=np.float32)
    for _ in range(50):
        learner.learn(shares, np.zeros(DEPTH, np.bool_))
    assert learner.platt().chances(np.array([0.05], np.float32)) < 0.02
    for _ in range(200):
        learner.learn(shares, shares < shares[DEPTH // 2])
    assert learner.platt().slope >= LEAST_SLOPE


def test_it_goes_on_from_what_it_saved() -> None:
    known, other = PlattLearner(), PlattLearner()
    for number, (shares, had) in enumerate(lists(Platt(1.0, 0.7), 40)):
        if number == 20:
            other.load(known.save())
        known.learn(shares, had)
        if number >= 20:
            other.learn(shares, had)
    assert known.platt() == other.platt()


def test_where_shares_say_nothing_chances_are_right_all_the_same() -> None:
    learner = PlattLearner()
    for number in range(500):
        learner.learn(np.ones(1, np.float32), np.array([number % 2 == 0]))
    assert abs(learner.platt().chances(np.ones(1, np.float32))[0] - 0.5) < 0.05
