"""Images to vectors with any image model: ResNet, ViT, DINOv2, the image tower of CLIP and its kin, and others."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from encoders.base import fingerprint
from encoders.batching import Batches
from encoders.hub.families import pooling_of
from encoders.hub.loading import RECIPE, Source, read_config
from encoders.hub.network import Network, embed_by_shape
from encoders.hub.processors import read_preparation
from encoders.image import PREPARATION, ImageEncoder

Pixels = NDArray[np.float32]
"""[3, height, width], normalised."""
BATCH = {"cpu": 16, "cuda": 256}
"""Images in one forward pass."""


class HubImageEncoder(ImageEncoder[Pixels]):
    """An image model of `transformers`; pooling as in `encoders.hub.families`."""

    def __init__(
        self, source: Source, device: str = "cpu", dtype: torch.dtype | None = None, compiled: bool = False
    ) -> None:
        """Loads preparation and model; arguments as for `encoders.hub.network.Network`.

        Raises:
            ValueError: The folder's model is no image encoder, or lacks something.
        """
        config = read_config(source)
        pooling = pooling_of("image", config.model_type, source.name)
        self.name = source.name
        self.version = fingerprint(f"{RECIPE} image {pooling.__name__}", PREPARATION, source.digest())
        self._prepare_picture = read_preparation(source, config)
        self._network = Network(source, config, pooling, device, dtype, compiled)
        self.weights = self._network.weights
        self._batches = Batches(BATCH[self._network.device.type])
        self.dim = self._network.dim(
            lambda: {"pixel_values": self.prepare_image(Image.new("RGB", (320, 240), "grey"))[None]}
        )

    def prepare_image(self, image: Image.Image) -> Pixels:
        """[3, height, width]: as the folder's preprocessor_config.json says."""
        return self._prepare_picture(image)

    def embed(self, prepared: Sequence[Pixels]) -> NDArray[np.float32]:
        """[n, dim]. Pictures of one size run together; most models have but one."""
        return embed_by_shape(prepared, lambda alike: self._batches.run(alike, self._forward), self.dim)

    def _forward(self, pixels: Sequence[Pixels]) -> NDArray[np.float32]:
        return self._network.run({"pixel_values": np.stack(pixels)})
