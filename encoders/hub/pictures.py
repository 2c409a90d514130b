"""Pictures made fit for a network: resized, cropped at the centre, normalised."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Size = tuple[int, int]
"""Height, width."""


@dataclass(frozen=True)
class Preparation:
    """One pass of Pillow and one of NumPy over an RGB picture.

    What the processors of `transformers` put out, within one of 256 levels, in about two thirds of the time: pixels
    outside the crop are never computed. So a picture of 1 by 60,000 pixels costs no more than another.
    """

    resized: int | Size
    """Of the whole picture: the length of its shorter side, or a size to which it is warped."""
    crop: Size
    """What is kept, from the middle; black where the resized picture is smaller."""
    resample: Image.Resampling
    gain: NDArray[np.float32]
    """[3, 1, 1]: by which a level of 0..255 is multiplied."""
    offset: NDArray[np.float32]
    """[3, 1, 1]: what is added then."""

    def __call__(self, image: Image.Image) -> NDArray[np.float32]:
        """[3, height, width] of an RGB picture of any size."""
        whole = self._whole(image)
        # Where the crop begins in the resized picture; negative where it begins outside.
        top, left = ((full - kept) // 2 for full, kept in zip(whole, self.crop, strict=True))
        above, below = max(0, top), min(whole[0], top + self.crop[0])
        before, after = max(0, left), min(whole[1], left + self.crop[1])
        y, x = image.height / whole[0], image.width / whole[1]
        box = (before * x, above * y, min(after * x, image.width), min(below * y, image.height))
        part = image.resize((after - before, below - above), self.resample, box=box)
        levels = np.zeros((*self.crop, 3), np.uint8)
        levels[above - top : below - top, before - left : after - left] = np.asarray(part)
        return levels.transpose(2, 0, 1) * self.gain + self.offset

    def _whole(self, image: Image.Image) -> Size:
        if not isinstance(self.resized, int):
            return self.resized
        short, long = sorted((image.height, image.width))
        longest = int(self.resized * long / short)
        return (longest, self.resized) if image.height > image.width else (self.resized, longest)
