"""What is made of stretches with metrics and without."""

import math

import numpy as np
import pytest
from scipy.stats import trim_mean
from scipy.stats.mstats import trimmed_mean_ci

from streams.bench.metrics_cost import more, paired
from streams.bench.switched import Stretch


def test_the_ratio_is_that_of_pairs_whatever_both_drift_to() -> None:
    found = more([(102.0, 100.0), (204.0, 200.0), (408.0, 400.0)])
    assert (found.ratio, found.low, found.high) == (1.02, 1.02, 1.02)
    assert (found.measured, found.unmeasured, found.pairs) == (204.0, 200.0, 3)


def test_the_interval_is_that_of_a_trimmed_mean() -> None:
    drawn = np.random.default_rng(1).normal(0.02, 0.05, 100)
    found = more([(100 * math.exp(one), 100.0) for one in drawn])
    low, high = trimmed_mean_ci(drawn, limits=(0.2, 0.2), alpha=0.05)
    assert found.ratio == pytest.approx(math.exp(trim_mean(drawn, 0.2)), abs=1e-4)
    assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)), abs=1e-3)


def test_moments_when_the_machine_was_taken_away_count_for_little() -> None:
    found = more([(102.0, 100.0)] * 8 + [(900.0, 100.0), (50.0, 100.0)])
    assert (found.ratio, found.low, found.high) == (1.02, 1.02, 1.02)


def test_one_pair_says_nothing_of_the_spread() -> None:
    found = more([(60.0, 50.0)])
    assert (found.ratio, found.low, found.high) == (1.2, None, None)


def test_only_stretches_that_began_after_the_start_are_compared_each_with_its_neighbour() -> None:
    order = (True, False, False, True, True, False, False)
    stretches = [Stretch(on, float(number), 1.0, 0.5, 100) for number, on in enumerate(order)]
    assert [[one.begin_s for one in pair] for pair in paired(stretches, 1.0)] == [[2.0, 3.0], [4.0, 5.0]]
    assert all({one.on for one in pair} == {True, False} for pair in paired(stretches, 0.0))
    assert paired(stretches, 6.5) == []
