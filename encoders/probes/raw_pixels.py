"""Raw pixels of pictures, which an encoder has to beat."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from encoders.image import ImageEncoder

SIDE = 32
"""Pixels of the square that pictures are reduced to."""
DIM = SIDE * SIDE * 3

Pixels = NDArray[np.float32]
"""[DIM]; the mean of each colour is 0."""


class RawPixels(ImageEncoder[Pixels]):
    """A picture, squeezed to SIDE x SIDE pixels, less the mean of each colour.

    Cosines are then correlations; without that, all pictures on white paper would be alike.
    """

    name = "pixels 32x32"
    version = "pixels1"
    dim = DIM

    def prepare_image(self, image: Image.Image) -> Pixels:
        """[DIM] of an RGB image of any size."""
        small = image.resize((SIDE, SIDE), Image.Resampling.BOX)
        levels = np.asarray(small, np.int64)
        # In whole numbers, so that a plain colour gives zeros and not the dust of rounding.
        centred = SIDE * SIDE * levels - levels.sum(axis=(0, 1))
        return np.asarray(centred.reshape(-1) / (SIDE * SIDE * 255.0), np.float32)

    def embed(self, prepared: Sequence[Pixels]) -> NDArray[np.float32]:
        """[n, DIM]."""
        return np.stack(prepared)
