"""A model on its device: arrays in, vectors out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedConfig

from encoders.base import Weights
from encoders.devices import fastest_dtype, resolve_device
from encoders.hub.loading import Source, first_line, read_model, weight_files
from encoders.hub.pooling import OTHER_TOWER, READS_POOLER, Pooling, mean, pooler_or_mean

Arrays = Mapping[str, NDArray[Any]]
"""Inputs of a model by name, each of n entries."""
_SPARE = ("masked_spec_embed", "position_ids")
"""Parts of names of weights that files may lack: used in training only, or computed."""


class Network:
    """Runs a model over arrays, in the precision that is fastest on its device."""

    def __init__(
        self,
        source: Source,
        config: PreTrainedConfig,
        pooling: Pooling,
        device: str,
        dtype: torch.dtype | None,
        compiled: bool,
    ) -> None:
        """Loads the weights and moves them to the device.

        Args:
            source: The model's files.
            config: As read from them.
            pooling: What makes one vector of the model's output.
            device: As `encoders.devices.resolve_device`.
            dtype: Overrides what is fastest on the device.
            compiled: Whether to use `torch.compile`: minutes at the start for a faster forward pass.

        Raises:
            ValueError: There is no such device, or the weights cannot be had of these files.
        """
        self.device = resolve_device(device)
        self._name = source.name
        self._dtype = dtype or fastest_dtype(self.device)
        model, missing = read_model(source, config, self._dtype)
        self._pooling = _usable(source, pooling, missing)
        for part in OTHER_TOWER.get(self._pooling, ()):
            if hasattr(model, part):
                setattr(model, part, torch.nn.Identity())
        # Convolutions are faster with the channels last, in bfloat16 above all; the values are the same.
        self._format = torch.channels_last if _is_convolutional(model) else torch.contiguous_format
        self._model = model.to(self.device).to(memory_format=self._format)
        self.weights = Weights(self._model, sum(path.stat().st_size for path in weight_files(source.folder)))
        self._forward = torch.compile(self._pool) if compiled else self._pool

    @torch.inference_mode()
    def run(self, arrays: Arrays) -> NDArray[np.float32]:
        """[n, dim]: the model's vectors of n entries; floating inputs are cast to the model's precision."""
        there = {name: self._there(array) for name, array in arrays.items()}
        vectors: NDArray[np.float32] = self._forward(there).float().cpu().numpy()
        return vectors

    def dim(self, prepare: Callable[[], Arrays]) -> int:
        """Length of the vectors, found by a first run: configurations name it in too many ways.

        Args:
            prepare: Makes the inputs of one plain entry, as they will be made of real ones.

        Raises:
            ValueError: Preparation and model do not fit each other.
        """
        try:
            return int(self.run(prepare()).shape[1])
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever a model of any family fails with
            message = (
                f"{self._name}: the model cannot run on what its folder says to prepare: {first_line(error)}"
            )
            raise ValueError(message) from error

    def _pool(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return self._pooling(self._model, inputs)

    def _there(self, array: NDArray[Any]) -> Tensor:
        """The array on the device; from pinned memory, so that the copy runs beside the computing."""
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self.device.type == "cuda":
            tensor = tensor.pin_memory()
        there = tensor.to(self.device, non_blocking=True)
        if there.is_floating_point():
            there = there.to(self._dtype)
        return there.contiguous(memory_format=self._format) if there.ndim == 4 else there


def embed_by_shape(
    arrays: Sequence[NDArray[np.float32]],
    forward: Callable[[Sequence[NDArray[np.float32]]], NDArray[np.float32]],
    dim: int,
) -> NDArray[np.float32]:
    """[n, dim]: `forward` of all arrays, those of one shape together, in the order of the arrays."""
    places: dict[tuple[int, ...], list[int]] = {}
    for place, array in enumerate(arrays):
        places.setdefault(array.shape, []).append(place)
    raw = np.zeros((len(arrays), dim), np.float32)
    for alike in places.values():
        raw[alike] = forward([arrays[place] for place in alike])
    return raw


def _usable(source: Source, pooling: Pooling, missing: Sequence[str]) -> Pooling:
    """The pooling, or the mean in place of a pooler that would be random.

    Raises:
        ValueError: The files lack weights that the vectors depend on.
    """
    poolers = [name for name in missing if "pooler" in name]
    needed = [name for name in missing if name not in poolers and not any(part in name for part in _SPARE)]
    if pooling in READS_POOLER:
        needed += poolers
    if needed:
        message = f"{source.name}: its files lack {len(needed)} weights, {needed[0]} among them"
        raise ValueError(message)
    return mean if poolers and pooling is pooler_or_mean else pooling


def _is_convolutional(model: torch.nn.Module) -> bool:
    """Whether most weights are kernels of convolutions: those of a ViT's patches are few."""
    kernels = sum(part.weight.numel() for part in model.modules() if isinstance(part, torch.nn.Conv2d))
    return 2 * kernels > sum(weight.numel() for weight in model.parameters())
