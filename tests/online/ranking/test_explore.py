from typing import Any

import numpy as np
import pytest
from river import bandit, proba

from online.ranking.explore import explored
from online.statistics.exposures import Shown

SEEDS = range(300)


def shown(means: list[float], weights: list[float]) -> Shown:
    return Shown(np.array(means, np.float32), np.array(weights, np.float32))


def ones(count: int) -> np.ndarray:
    return np.ones(count, np.float32)


def test_what_is_hardly_known_is_tried_and_what_is_known_to_be_bad_is_not() -> None:
    known = shown([0.10, 0.08, 0.01], [2_000, 25, 2_000])
    firsts = np.array([int(explored(known, ones(3), 1, seed).places[0]) for seed in SEEDS])
    shares = np.bincount(firsts, minlength=3) / len(SEEDS)
    assert shares[0] > 0.5
    assert 0.15 < shares[1] < 0.5
    assert shares[2] == 0


def test_the_propensity_is_how_often_the_item_is_chosen() -> None:
    known = shown([0.10, 0.08, 0.07, 0.02], [60, 40, 30, 400])
    counts, said = np.zeros(4), np.zeros(4)
    for seed in SEEDS:
        found = explored(known, ones(4), 2, seed)
        assert len(set(found.places.tolist())) == 2
        counts[found.places] += 1
        said[found.places] += found.propensities
    often = counts > 30
    assert said[often] / counts[often] == pytest.approx(counts[often] / len(SEEDS), abs=0.05)


def test_draws_agree_with_rivers_thompson_sampling() -> None:
    taken, lists = [9, 4, 1], [100, 60, 30]
    policy: Any = bandit.ThompsonSampling(reward_obj=proba.Beta(1, 1), seed=1)
    for arm, (hits, count) in enumerate(zip(taken, lists, strict=True)):
        for number in range(count):
            policy.update(arm, int(number < hits))
    theirs = np.bincount([policy.pull([0, 1, 2]) for _ in range(3_000)], minlength=3) / 3_000
    means = [(hits + 1) / (count + 2) for hits, count in zip(taken, lists, strict=True)]
    known = shown(means, [count + 2 for count in lists])
    ours = np.bincount([explored(known, ones(3), 1, s).places[0] for s in range(3_000)], minlength=3) / 3_000
    assert ours == pytest.approx(theirs, abs=0.06)


def test_relevance_decides_between_equals_and_few_items_leave_places_empty() -> None:
    known = shown([0.1, 0.1], [1_000, 1_000])
    found = explored(known, np.array([0.2, 1.0], np.float32), 5, 0)
    assert found.places.tolist() == [1, 0]
    assert found.propensities.tolist() == [1, 1]
    assert explored(shown([], []), ones(0), 3, 0).places.tolist() == []
