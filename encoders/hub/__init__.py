"""Any model of the field through `transformers`: by its name on the hub, or from a folder."""

from importlib import import_module
from typing import Any, cast

from encoders.base import Encoder
from encoders.modalities import Modality

_CLASSES = {
    "text": "HubTextEncoder",
    "image": "HubImageEncoder",
    "audio": "HubAudioEncoder",
    "video": "HubVideoEncoder",
}


def load_hub(modality: Modality, name_or_folder: str, device: str) -> Encoder[Any]:
    """Builds an encoder from a model's published files, or those in a folder; code among them is never run.

    Args:
        modality: What it reads.
        name_or_folder: As `encoders.hub.loading.find`.
        device: As `encoders.devices.resolve_device`.

    Raises:
        encoders.registry.UnknownEncoderError: There is no such folder, or the hub does not give it out.
        ValueError: The model encodes something else, or its folder lacks something; the message says what.
    """
    if modality not in _CLASSES:
        message = (
            f"hf:{name_or_folder}: models for {modality} are not known; known are: {', '.join(_CLASSES)}"
        )
        raise ValueError(message)
    find = import_module("encoders.hub.loading").find
    build = getattr(import_module(f"encoders.hub.{modality}"), _CLASSES[modality])
    return cast("Encoder[Any]", build(find(name_or_folder), device))
