import time

import numpy as np
import pytest
from PIL import Image

from encoders.hub.pictures import Preparation

UNIT = np.ones((3, 1, 1), np.float32)
ZERO = np.zeros((3, 1, 1), np.float32)
SQUARE = (32, 32)


def preparation(resized: int | tuple[int, int]) -> Preparation:
    return Preparation(resized, SQUARE, Image.Resampling.BILINEAR, UNIT, ZERO)


def halves(width: int, height: int) -> Image.Image:
    """Red on the left, green on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste((0, 255, 0), (width // 2, 0, width, height))
    return image


@pytest.mark.parametrize("size", [(64, 64), (200, 40), (40, 200), (33, 31), (5, 7), (1, 1), (1, 3_000)])
def test_any_picture_comes_out_at_one_size(size: tuple[int, int]) -> None:
    for resized in (32, 37, SQUARE, (40, 48)):
        found = preparation(resized)(Image.new("RGB", size, (10, 20, 30)))
        assert found.shape == (3, *SQUARE)
        assert found.dtype == np.float32
        assert np.unique(found.reshape(3, -1), axis=1).tolist() == [[10], [20], [30]]


def test_the_middle_is_kept() -> None:
    found = preparation(32)(halves(320, 32))
    assert found[:, :, :15].max(axis=(1, 2)).tolist() == [255, 0, 0]
    assert found[:, :, 17:].max(axis=(1, 2)).tolist() == [0, 255, 0]


def test_a_picture_smaller_than_the_crop_stands_in_black() -> None:
    found = preparation((16, 16))(Image.new("RGB", (50, 50), "white"))
    assert found[:, 8:24, 8:24].min() == 255
    found[:, 8:24, 8:24] = 0
    assert not found.any()


def test_levels_are_normalised() -> None:
    gain, offset = (np.array(three, np.float32).reshape(3, 1, 1) for three in ([1, 2, 3], [-1, 0, 5]))
    normalising = Preparation(32, SQUARE, Image.Resampling.BILINEAR, gain, offset)
    found = normalising(Image.new("RGB", (50, 50), (10, 20, 30)))
    assert found[:, 0, 0].tolist() == [9, 40, 95]


def test_a_strip_costs_no_more_than_it_shows() -> None:
    # Resized before it is cropped, it would have 2 billion pixels.
    strip = Image.new("RGB", (1, 60_000), "blue")
    started = time.process_time()
    preparation(1_000)(strip)
    assert time.process_time() - started < 1
