"""A plain loop over the frames of clips: one after the other through the plain image network."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.video_frames import PreparedFrames
from streams.bench.encoding.plain_image import PlainEfficientNet


class PlainFrames:
    """The mean of a clip's frames, each seen by itself."""

    def __init__(self, prepare: Callable[[object], PreparedFrames], device: str) -> None:
        """Loads the network; `prepare` is that of `encoders.video_frames.FramesEncoder`."""
        self.prepare = prepare
        self._images = PlainEfficientNet(prepare, device)

    def embed(self, prepared: Sequence[PreparedFrames]) -> NDArray[np.float32]:
        """[n, 1280]."""
        frames = ([self._images.embed([image])[0] for image in clip.images] for clip in prepared)
        return np.stack([np.mean(seen, axis=0) for seen in frames])
