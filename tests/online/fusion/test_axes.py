import numpy as np
import pytest

from online.fusion.axes import axes_of
from online.fusion.tower import AXES
from online.statistics.base import Floats

WIDTH = 320


def vectors_along(variances: list[float], rng: np.random.Generator, count: int = 1_000) -> Floats:
    """[count, WIDTH] that differ along the first axes, by so much."""
    found = np.zeros((count, WIDTH), np.float32)
    found[:, : len(variances)] = rng.normal(size=(count, len(variances))) * np.sqrt(variances)
    return found


@pytest.mark.parametrize(
    ("variances", "count"), [([1.0] * 7, 14), ([1.0, 1e-4, 1e-4], 2), ([1.0] * 150, AXES)]
)
def test_there_are_twice_as_many_axes_as_items_spread_over(variances: list[float], count: int) -> None:
    axes = axes_of(vectors_along(variances, np.random.default_rng(0)), np.zeros(WIDTH, np.float32))
    assert axes.shape == (WIDTH, AXES)
    assert np.count_nonzero(axes.any(axis=0)) == count
    np.testing.assert_array_equal(axes[:, count:], 0)


def test_along_them_squared_lengths_are_one_on_average_and_the_first_has_most() -> None:
    rng = np.random.default_rng(0)
    vectors, centre = vectors_along([0.1, 0.3, 0.2], rng), rng.normal(size=WIDTH).astype(np.float32)
    seen = (vectors + centre - centre) @ axes_of(vectors + centre, centre)
    assert np.square(seen).sum(axis=1).mean() == pytest.approx(1.0, abs=0.02)
    assert np.argmax(np.square(seen).sum(axis=0)) == 0
    axes = axes_of(vectors, np.zeros(WIDTH, np.float32))
    assert np.abs(axes[:, 0]).argmax() == 1


def test_where_all_items_are_alike_their_differences_stay_small() -> None:
    vectors = np.ones((50, WIDTH), np.float32)
    axes = axes_of(vectors, np.ones(WIDTH, np.float32))
    assert np.isfinite(axes).all()
    assert np.abs(axes).max() <= 10.0
