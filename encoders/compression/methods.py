"""How weights become smaller: bfloat16, int8 with a scale per channel, or only the largest of them.

What is stored is expanded as it is loaded, so the network computes as before: no method makes it faster.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.prune import L1Unstructured

Method = Literal["bf16", "int8", "pruned"]
Parts = dict[str, Tensor]
"""What is stored of one weight, by the name of the part."""
INT8_LIMIT = 127
"""Symmetric: -128 is not used."""
WHOLE_CHANNEL = 27
"""Values of an output channel up to which it is not pruned: kernels that read one channel, or a picture's three.

Each of theirs counts: without this, dropping .3 leaves a cosine of .36 to EfficientNet-lite0, with it .78.
"""


class Codec(NamedTuple):
    """One way to store a weight of at least two dimensions; of fewer, it is too small to matter and kept."""

    shrink: Callable[[Tensor, float], Parts]
    """The parts of a float32 weight; the number is the share that is dropped, where any is."""
    expand: Callable[[Parts, torch.Size], Tensor]
    """A weight of this shape, of its parts."""


def shrink_state(state: Mapping[str, Tensor], method: Method, share: float = 0.0) -> dict[str, Tensor]:
    """What is stored of a network's state.

    Args:
        state: Its `state_dict`.
        method: A key of CODECS.
        share: Of each weight's values, how many `pruned` sets to zero: from 0, less than 1.
    """
    stored: dict[str, Tensor] = {}
    for name, tensor in state.items():
        values = tensor.detach().cpu().contiguous()
        if not _is_large(values):
            # A copy, as a file of safetensors holds no two names of one memory.
            stored[name] = values.clone()
            continue
        for part, own in CODECS[method].shrink(values.float(), share).items():
            stored[f"{name}|{part}"] = own
    return stored


def expand_state(
    stored: Mapping[str, Tensor], method: Method, like: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """A network's state of what `shrink_state` made of it.

    Args:
        stored: By `shrink_state`.
        method: The same.
        like: A state of the same names and shapes.

    Raises:
        KeyError: Something of it is not stored.
        RuntimeError: What is stored has another shape.
    """
    state: dict[str, Tensor] = {}
    for name, tensor in like.items():
        if not _is_large(tensor):
            state[name] = stored[name]
            continue
        parts = {part: stored[f"{name}|{part}"] for part in PARTS[method]}
        state[name] = CODECS[method].expand(parts, tensor.shape)
    return state


def _is_large(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and tensor.ndim > 1


def _to_bf16(weight: Tensor, _: float) -> Parts:
    return {"bf16": weight.bfloat16().clone()}


def _of_bf16(parts: Parts, shape: torch.Size) -> Tensor:
    return parts["bf16"].reshape(shape)


def _to_int8(weight: Tensor, _: float) -> Parts:
    """Per output channel, symmetric, rounded to the nearest (Krishnamoorthi, 2018, section 2)."""
    rows = weight.flatten(1)
    # [channels, 1]
    largest = rows.abs().amax(dim=1, keepdim=True)
    scales = torch.where(largest > 0, largest, 1.0) / INT8_LIMIT
    return {"int8": (rows / scales).round().to(torch.int8).reshape(weight.shape), "scales": scales}


def _of_int8(parts: Parts, shape: torch.Size) -> Tensor:
    return (parts["int8"].flatten(1).float() * parts["scales"]).reshape(shape)


def _to_pruned(weight: Tensor, share: float) -> Parts:
    """The largest by magnitude (Han et al., 2015): one bit for each place, and bfloat16 for what is left."""
    dropped = share if weight[0].numel() > WHOLE_CHANNEL else 0.0
    kept = L1Unstructured(dropped).compute_mask(weight, torch.ones_like(weight)).bool()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    bits = torch.from_numpy(np.packbits(kept.flatten().numpy()))
    return {"bits": bits, "values": weight[kept].bfloat16()}


def _of_pruned(parts: Parts, shape: torch.Size) -> Tensor:
    bits = np.unpackbits(parts["bits"].numpy(), count=shape.numel()).astype(bool)
    weight = torch.zeros(shape.numel(), dtype=torch.bfloat16)
    weight[torch.from_numpy(bits)] = parts["values"]
    return weight.reshape(shape)


CODECS: Mapping[Method, Codec] = MappingProxyType(
    {
        "bf16": Codec(_to_bf16, _of_bf16),
        "int8": Codec(_to_int8, _of_int8),
        "pruned": Codec(_to_pruned, _of_pruned),
    }
)
PARTS: Mapping[Method, tuple[str, ...]] = MappingProxyType(
    {"bf16": ("bf16",), "int8": ("int8", "scales"), "pruned": ("bits", "values")}
)
"""The names of the parts that a method stores."""
