import numpy as np
import pytest

from online.learning.judged import JUDGED_LISTS, Judged


def test_nothing_judged_is_no_rank_and_the_blends() -> None:
    assert Judged().mean_reciprocal_ranks() == {}
    assert Judged().prefers_blend()


def test_ranks_are_means_over_lists_and_earlier_ones_fade() -> None:
    judged = Judged()
    judged.add(np.array([1.0, 0.5]), np.array([0.5, 0.5]))
    assert judged.mean_reciprocal_ranks() == {"network": 0.75, "blend": 0.5}
    assert not judged.prefers_blend()
    for _ in range(10 * JUDGED_LISTS):
        judged.add(np.array([0.25]), np.array([0.5]))
    assert judged.mean_reciprocal_ranks() == pytest.approx({"network": 0.25, "blend": 0.5}, abs=1e-3)
    assert judged.prefers_blend()
    assert judged.save()[0] == pytest.approx(JUDGED_LISTS, rel=1e-3)


def test_what_is_saved_stays_as_it_was() -> None:
    judged, again = Judged(), Judged()
    judged.add(np.array([1.0]), np.array([0.5]))
    saved = judged.save()
    again.load(saved)
    judged.add(np.array([0.1]), np.array([0.5]))
    again.add(np.array([0.2]), np.array([0.5]))
    assert saved.tolist() == [1.0, 1.0, 0.5]
