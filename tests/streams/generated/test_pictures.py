import io

import numpy as np
import pytest
from PIL import Image

from streams.generated.pictures import FAMILIES, SIDE_PX, make_picture
from streams.generated.world import CLASSES, generator


def pixels(index: int, kind: int, noise: float = 0.0) -> "np.typing.NDArray[np.float64]":
    data = make_picture(generator(0, "image", index), kind, noise)
    return np.asarray(Image.open(io.BytesIO(data)), np.float64)


def test_there_is_a_family_for_each_class() -> None:
    assert len(FAMILIES) == CLASSES


@pytest.mark.parametrize("kind", range(CLASSES))
def test_a_picture_is_a_small_jpeg_that_varies_by_item_only(kind: int) -> None:
    first, again, other = (make_picture(generator(0, "image", index), kind, 0.1) for index in (0, 0, 1))
    assert first == again
    assert first != other
    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size, image.mode) == ("JPEG", (SIDE_PX, SIDE_PX), "RGB")
    assert len(first) < 12_000
    # Something is drawn, and not everything is.
    assert 20 < pixels(0, kind).std() < 110


def test_noise_roughens_pictures() -> None:
    roughness = [np.abs(np.diff(pixels(0, 0, noise), axis=1)).mean() for noise in (0.0, 0.1, 0.5)]
    assert roughness[0] < roughness[1] < roughness[2]
