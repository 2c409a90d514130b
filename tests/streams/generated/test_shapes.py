import math

import numpy as np
import pytest

from streams.generated.shapes import box, colour, polygon, spoil, star


def test_colours_go_round_the_wheel() -> None:
    assert colour(0.0, 1.0, 1.0) == colour(1.0, 1.0, 1.0) == (255, 0, 0)
    assert colour(1 / 3, 1.0, 1.0) == (0, 255, 0)
    assert colour(0.7, 0.0, 0.5) == (128, 128, 128)


def test_corners_lie_on_the_circle() -> None:
    corners = polygon((10.0, 20.0), 5.0, 6, 0.3)
    assert len(corners) == 6
    assert [math.dist(corner, (10.0, 20.0)) for corner in corners] == pytest.approx([5.0] * 6)


def test_a_star_has_five_rays() -> None:
    radii = [math.dist(corner, (0.0, 0.0)) for corner in star((0.0, 0.0), 10.0, 1.0)]
    assert radii == pytest.approx([10.0, 4.0] * 5)


def test_a_box_holds_its_circle() -> None:
    assert box((3.0, 4.0), 2.0) == (1.0, 2.0, 5.0, 6.0)


def test_noise_spoils_pixels() -> None:
    grey = np.full((40, 40, 3), 128, np.uint8)
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(spoil(rng, grey, 0.0), grey)
    assert spoil(rng, grey, 0.1).std() == pytest.approx(12.0, rel=0.1)
    assert spoil(rng, grey, 1.0).min() == 0
