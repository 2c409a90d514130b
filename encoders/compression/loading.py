"""From a folder to the encoder in it: the original, with the smaller weights in the place of its own."""

import os
from pathlib import Path
from typing import Any

from encoders import registry
from encoders.base import Encoder, fingerprint
from encoders.compression.folder import About, CompressionError, read_about, read_weights
from encoders.compression.methods import expand_state
from encoders.compression.writing import network_of
from encoders.modalities import Modality


def load_compressed(modality: Modality, folder_name: str, device: str) -> Encoder[Any]:
    """Builds an encoder that `write_compressed` wrote. It runs on the device and in the precision of the original.

    Args:
        modality: What it reads.
        folder_name: Where it is.
        device: As `encoders.devices.resolve_device`.

    Raises:
        encoders.registry.UnknownEncoderError: There is no such folder, or its original is not to be had.
        CompressionError: The folder is damaged, of another modality, or its original has changed.
    """
    folder = Path(folder_name).expanduser()
    if not folder.is_dir():
        message = f"{registry.COMPRESSED_PREFIX}{folder_name}: there is no such folder"
        raise registry.UnknownEncoderError(message)
    about = read_about(folder)
    if about.modality != modality:
        message = f"{folder} encodes {about.modality}, expected {modality}"
        raise CompressionError(message)
    encoder = registry.load(modality, about.original, device)
    _require_same(folder, about, encoder)
    _replace_weights(folder, about, encoder)
    # Not resolve(), which would follow a link away from its name.
    encoder.name = registry.COMPRESSED_PREFIX + Path(os.path.abspath(folder)).name
    encoder.version = fingerprint(about.original_version, about.method, about.fingerprint)
    return encoder


def _require_same(folder: Path, about: About, encoder: Encoder[Any]) -> None:
    if encoder.version != about.original_version:
        message = (
            f"{folder}: its original {about.original} has version {encoder.version}, and had "
            f"{about.original_version} when it was compressed; compress anew"
        )
        raise CompressionError(message)


def _replace_weights(folder: Path, about: About, encoder: Encoder[Any]) -> None:
    network = network_of(encoder).network
    try:
        state = expand_state(read_weights(folder), about.method, network.state_dict())
        # Copied in place, and so cast to the precision and moved to the device of the network.
        network.load_state_dict(state)
    except (KeyError, RuntimeError) as error:
        message = f"{folder} does not fit the network of {about.original}: {error}; compress anew"
        raise CompressionError(message) from error
