"""Raw pixels of clips, which an encoder has to beat."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from encoders.base import Encoder
from encoders.modalities import Modality
from encoders.probes.raw_pixels import DIM, Pixels, RawPixels
from encoders.video import Clip, decode_video


class RawFrames(Encoder[Pixels]):
    """The mean of a clip's frames, each as `RawPixels` has it."""

    name = "pixels 32x32, mean of frames"
    version = "frames1"
    modality: ClassVar[Modality] = "video"
    dim = DIM

    def __init__(self) -> None:
        self._pictures = RawPixels()

    def prepare(self, entry: object) -> Pixels:
        """[DIM] of a file's bytes, or of a `Clip` that somebody else has decoded."""
        clip = entry if isinstance(entry, Clip) else decode_video(entry, with_sound=False)
        return np.asarray(np.mean([self._pictures.prepare_image(frame) for frame in clip.frames], axis=0))

    def embed(self, prepared: Sequence[Pixels]) -> NDArray[np.float32]:
        """[n, DIM]."""
        return np.stack(prepared)
