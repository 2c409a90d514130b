"""EfficientNet-lite0 as a network for inference: batch normalisation is folded into the convolutions."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

FEATURES = 1280
"""Channels of the last convolution, which are pooled."""
STAGES = (
    # blocks, kernel, stride of the first block, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Table 1 of Tan and Le (2019) for B0; lite keeps it, but drops squeeze-and-excitation and swish."""
STEM_CHANNELS = 32
NORMALISATION_EPSILON = 1e-3
"""As in the TensorFlow original; the running variances are useless with PyTorch's 1e-5."""


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's `same`: with stride 2 and an even side, right and below only."""

    def __init__(self, channels: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__(channels, out, kernel, stride, (kernel // 2) * (stride == 1), groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """[n, channels, side, side] -> [n, out, ceil(side / stride), ceil(side / stride)]."""
        if self.stride[0] > 1:
            x = functional.pad(x, (*self._sides(x.shape[3]), *self._sides(x.shape[2])))
        return super().forward(x)

    def _sides(self, length: int) -> tuple[int, int]:
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max(((length + stride - 1) // stride - 1) * stride + kernel - length, 0)
        return total // 2, total - total // 2


class Block(nn.Module):
    """An inverted residual (Sandler et al., 2018): widen, filter each channel by itself, narrow."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.expand = SameConv(channels, wide) if expansion > 1 else None
        self.depthwise = SameConv(wide, wide, kernel, stride, groups=wide)
        self.project = SameConv(wide, out)
        self.residual = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        """[n, channels, side, side] -> [n, out, ceil(side / stride), ceil(side / stride)]."""
        y = x if self.expand is None else relu6(self.expand(x))
        # In place: nobody else needs what `project` returned.
        narrow: Tensor = self.project(relu6(self.depthwise(y)))
        return narrow.add_(x) if self.residual else narrow


class EfficientNetLite0(nn.Module):
    """Pooled features of EfficientNet-lite0 (Tan and Le, 2019; Apache-2.0). For inference only."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM_CHANNELS, 3, 2)
        blocks, channels = [], STEM_CHANNELS
        for count, kernel, stride, expansion, out in STAGES:
            for place in range(count):
                blocks.append(Block(channels, out, kernel, stride if place == 0 else 1, expansion))
                channels = out
        self.blocks = nn.Sequential(*blocks)
        self.head = SameConv(channels, FEATURES)

    def forward(self, pixels: Tensor) -> Tensor:
        """Mean activations of the last layer.

        Args:
            pixels: [n, 3, side, side], (RGB - 127) / 128.

        Returns:
            [n, FEATURES] float32, each within 0 and 6.
        """
        # [n, 320, side / 32, side / 32]
        states = self.blocks(relu6(self.stem(pixels)))
        return relu6(self.head(states)).float().mean(dim=(2, 3))


def relu6(x: Tensor) -> Tensor:
    """`min(max(x, 0), 6)`, in place: what a convolution returned is needed no more."""
    return functional.relu6(x, inplace=True)


def folded(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of an `EfficientNetLite0` from the published one, whose classifier is left out.

    A convolution w followed by a normalisation with mean m, variance v, scale g and shift b is a convolution
    with w g / sqrt(v + eps) and the bias b - m g / sqrt(v + eps).

    Args:
        published: State of the original PyTorch port, with its keys (`_blocks.0._bn1.weight` and so on).
    """
    state: dict[str, Tensor] = {}
    for ours, conv, norm in _layers(published):
        scale = published[f"{norm}.weight"] / torch.sqrt(
            published[f"{norm}.running_var"] + NORMALISATION_EPSILON
        )
        state[f"{ours}.weight"] = published[f"{conv}.weight"] * scale[:, None, None, None]
        state[f"{ours}.bias"] = published[f"{norm}.bias"] - published[f"{norm}.running_mean"] * scale
    return state


def _layers(published: Mapping[str, Tensor]) -> list[tuple[str, str, str]]:
    """Per convolution: its name here, its name as published, and that of its normalisation."""
    layers = [("stem", "_conv_stem", "_bn0"), ("head", "_conv_head", "_bn1")]
    for block in range(sum(stage[0] for stage in STAGES)):
        for name, norm in (("expand", "_bn0"), ("depthwise", "_bn1"), ("project", "_bn2")):
            conv = f"_blocks.{block}._{name}_conv"
            if f"{conv}.weight" in published:
                layers.append((f"blocks.{block}.{name}", conv, f"_blocks.{block}.{norm}"))
    return layers
