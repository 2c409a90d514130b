"""From an encoder to a folder with a smaller one."""

import os
from pathlib import Path
from typing import Any

from torch import nn

from encoders.base import Encoder, Weights
from encoders.compression.folder import About, CompressionError, require_new, write_about, write_weights
from encoders.compression.methods import Method, shrink_state
from encoders.registry import COMPRESSED_PREFIX, HUB_PREFIX

COMPRESSIBLE = "minilm (text), efficientnet (image), frames (video) and hf:NAME_OR_FOLDER"


def write_compressed(
    encoder: Encoder[Any], original: str, method: Method, folder: Path, share: float = 0.3
) -> About:
    """Writes a smaller encoder to a folder; `encoders.registry.load` loads it as `compressed:FOLDER`.

    The weights are taken as they are in the network: those that run in half precision are rounded already.

    Args:
        encoder: What to compress.
        original: The name by which the registry built it.
        method: How.
        folder: New or empty.
        share: Of each large weight's values, how many `pruned` drops: from 0, less than 1.

    Raises:
        CompressionError: The encoder has no network of torch, or is compressed already, the folder is not empty,
            or the share is none.
        OSError: It cannot be written.
    """
    if original.startswith(COMPRESSED_PREFIX):
        message = f"{original} is compressed already; compress its original"
        raise CompressionError(message)
    weights = network_of(encoder)
    if not 0 <= share < 1:
        message = f"share {share:g}: expected at least 0 and less than 1"
        raise CompressionError(message)
    require_new(folder)
    dropped = share if method == "pruned" else 0.0
    fingerprint = write_weights(folder, shrink_state(weights.network.state_dict(), method, dropped))
    about = About(encoder.modality, _from_anywhere(original), encoder.version, method, dropped, fingerprint)
    write_about(folder, about)
    return about


def network_of(encoder: Encoder[Any]) -> Weights:
    """The network of an encoder.

    Raises:
        CompressionError: It has none of torch.
    """
    if encoder.weights is None:
        message = (
            f"{encoder.modality} encoder {encoder.name} has no torch network to compress; "
            f"those that have: {COMPRESSIBLE}"
        )
        raise CompressionError(message)
    return encoder.weights


def float32_bytes(network: nn.Module) -> int:
    """What a network's own weights take in float32: published files may hold other precisions, and unused parts."""
    return sum(4 * tensor.numel() for tensor in network.state_dict().values())


def _from_anywhere(original: str) -> str:
    """The name of an encoder, with the whole path if it is that of a folder."""
    path = Path(original.removeprefix(HUB_PREFIX)).expanduser()
    is_folder = original.startswith(HUB_PREFIX) and path.is_dir()
    # Not resolve(), which would follow a link away from its name.
    return HUB_PREFIX + os.path.abspath(path) if is_folder else original
