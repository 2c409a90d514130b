from io import BytesIO

import numpy as np
from PIL import Image

from encoders.probes.raw_pixels import DIM, RawPixels


def picture(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


RAMP = np.broadcast_to(np.linspace(0, 150, 64)[None, :, None], (48, 64, 3))


def test_brightness_and_size_do_not_matter() -> None:
    encoded = RawPixels().encode([picture(RAMP), picture(RAMP + 90), picture(np.repeat(RAMP, 2, axis=0))])
    assert encoded.vectors.shape == (3, DIM)
    assert (encoded.vectors @ encoded.vectors.T).min() > 0.999


def test_what_is_drawn_matters() -> None:
    one, mirrored = RawPixels().encode([picture(RAMP), picture(RAMP[:, ::-1])]).vectors
    assert one @ mirrored < -0.99


def test_one_plain_colour_has_nothing_raw_to_compare() -> None:
    assert sorted(RawPixels().encode([picture(np.full((8, 8, 3), 200))]).errors) == [0]
