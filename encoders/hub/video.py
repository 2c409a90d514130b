"""Clips to vectors with a model that sees movement: VideoMAE, TimeSformer, X-CLIP."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import PreTrainedConfig

from encoders.base import fingerprint
from encoders.batching import Batches
from encoders.hub.families import pooling_of
from encoders.hub.loading import RECIPE, Source, read_config
from encoders.hub.network import Network
from encoders.hub.processors import read_preparation
from encoders.video import PREPARATION, Clip, VideoEncoder, decode_video

Pixels = NDArray[np.float32]
"""[frames, 3, height, width], normalised."""
BATCH = {"cpu": 2, "cuda": 32}
"""Clips in one forward pass."""


class HubVideoEncoder(VideoEncoder[Pixels]):
    """A video model of `transformers`; pooling as in `encoders.hub.families`. The sound is not heard."""

    def __init__(
        self, source: Source, device: str = "cpu", dtype: torch.dtype | None = None, compiled: bool = False
    ) -> None:
        """Loads preparation and model; arguments as for `encoders.hub.network.Network`.

        Raises:
            ValueError: The folder's model is no video encoder, or lacks something.
        """
        config = read_config(source)
        pooling = pooling_of("video", config.model_type, source.name)
        self.name = source.name
        self.version = fingerprint(f"{RECIPE} video {pooling.__name__}", PREPARATION, source.digest())
        self.frame_count = _frame_count(config)
        self._prepare_picture = read_preparation(source, config)
        self._network = Network(source, config, pooling, device, dtype, compiled)
        self.weights = self._network.weights
        self._batches = Batches(BATCH[self._network.device.type])
        grey = Image.new("RGB", (320, 240), "grey")
        self.dim = self._network.dim(lambda: {"pixel_values": self._pixels([grey])[None]})

    def prepare(self, entry: object) -> Pixels:
        """[frames, 3, height, width] of a file's bytes, or of a `Clip` that somebody else has decoded.

        A clip with other than the model's number of frames gives them evenly, some twice or not at all.
        """
        clip = (
            entry
            if isinstance(entry, Clip)
            else decode_video(entry, frames=self.frame_count, with_sound=False)
        )
        return self._pixels(clip.frames)

    def embed(self, prepared: Sequence[Pixels]) -> NDArray[np.float32]:
        """[n, dim]."""
        return self._batches.run(prepared, self._forward)

    def _forward(self, pixels: Sequence[Pixels]) -> NDArray[np.float32]:
        return self._network.run({"pixel_values": np.stack(pixels)})

    def _pixels(self, frames: Sequence[Image.Image]) -> Pixels:
        places = evenly(len(frames), self.frame_count)
        # Each frame is prepared once, however often it is shown.
        pictures = {place: self._prepare_picture(frames[place]) for place in set(places)}
        return np.stack([pictures[place] for place in places])


def evenly(count: int, wanted: int) -> list[int]:
    """Places, ascending: those in the middle of `wanted` equal parts of 0..count, repeated where count is less."""
    return [(2 * part + 1) * count // (2 * wanted) for part in range(wanted)]


def _frame_count(config: PreTrainedConfig) -> int:
    """Frames the model reads at once."""
    return int(getattr(config, "num_frames", None) or config.vision_config.num_frames)
