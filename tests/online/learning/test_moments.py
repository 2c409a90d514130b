import numpy as np
import pytest

from online.learning.moments import KEPT, Moments


def rows(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def test_before_anything_is_seen_every_column_counts_as_nothing() -> None:
    mean, scale = Moments(3).values()
    assert mean.tolist() == scale.tolist() == [0, 0, 0]


def test_of_one_list_they_are_the_mean_and_one_over_the_deviation() -> None:
    given = np.random.default_rng(0).normal([5, -300], [2, 50], (200, 2)).astype(np.float32)
    moments = Moments(2)
    moments.update(given)
    mean, scale = moments.values()
    np.testing.assert_allclose(mean, given.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(scale, 1 / given.std(axis=0), rtol=1e-4)


def test_a_column_that_never_varies_has_scale_0() -> None:
    moments = Moments(2)
    moments.update(np.array([[1_000.1, 0], [1_000.1, 1]], np.float32))
    assert moments.values()[1].tolist() == [0, 2]


def test_each_list_makes_the_ones_before_it_count_less() -> None:
    moments = Moments(1)
    moments.update(rows(0))
    moments.update(rows(1))
    mean, scale = moments.values()
    share = 1 / (1 + KEPT)
    assert mean[0] == pytest.approx(share)
    assert scale[0] == pytest.approx((share * (1 - share)) ** -0.5, rel=1e-5)


def test_a_stream_that_changes_for_good_is_followed() -> None:
    moments = Moments(1)
    for _ in range(1_000):
        moments.update(rows(99, 101))
    for _ in range(20_000):
        moments.update(rows(-1, 1))
    mean, scale = moments.values()
    assert abs(mean[0]) < 0.01
    assert scale[0] == pytest.approx(1, abs=0.3)


def test_restored_they_go_on_alike_and_share_nothing() -> None:
    first, second = Moments(1), Moments(1)
    first.update(rows(1, 2, 4))
    saved = first.save()
    second.load(saved)
    for moments in (first, second):
        moments.update(rows(8))
    assert first.values() == second.values()
    assert saved["sum"].tolist() == [7]
