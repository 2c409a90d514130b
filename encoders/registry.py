"""Encoders by name. Nothing heavy is imported before the encoder that needs it is loaded."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from encoders.base import Encoder, fingerprint
from encoders.modalities import Modality


class Entry(NamedTuple):
    """Where an encoder is. Its class is called with the device's name."""

    module: str
    class_name: str


ENCODERS: Mapping[Modality, Mapping[str, Entry]] = MappingProxyType(
    {
        "text": {
            "minilm": Entry("encoders.text_minilm", "MiniLMEncoder"),
            "wordllama": Entry("encoders.text_wordllama", "WordLlamaEncoder"),
            "hashing": Entry("encoders.text_hashing", "HashingEncoder"),
        },
        "image": {"efficientnet": Entry("encoders.image_efficientnet", "EfficientNetEncoder")},
        "audio": {"speech": Entry("encoders.audio_speech", "SpeechEncoder")},
        "video": {"frames": Entry("encoders.video_frames", "FramesEncoder")},
        "location": {"sphere": Entry("encoders.location_sphere", "SphereEncoder")},
    }
)
NO_ENCODER = "none"
"""The name under which a modality is not encoded at all."""
HUB_PREFIX = "hf:"
"""Before a folder, or a name on the Hugging Face hub: any model that `encoders.hub` knows how to run."""
COMPRESSED_PREFIX = "compressed:"
"""Before a folder that `freshet compress` wrote."""


class UnknownEncoderError(ValueError):
    """The registry has no encoder of that name."""


def load(modality: Modality, name: str, device: str = "auto", denoise: bool = False) -> Encoder[Any]:
    """Builds an encoder, anew at each call.

    Args:
        modality: What it reads.
        name: A key of ENCODERS[modality], or HUB_PREFIX and what `encoders.hub.load_hub` takes, or
            COMPRESSED_PREFIX and a folder.
        device: `cpu`, `cuda`, `cuda:N` or `auto`; encoders that need no accelerator ignore it.
        denoise: Whether entries are freed of noise first; the encoder's version tells.

    Raises:
        UnknownEncoderError: There is no such encoder, and the message names those there are; or a package is missing.
        ValueError: There is no such device, the model from the hub or the folder is none for this modality, or
            nothing is known that would free the modality of noise.
    """
    encoder = _build(modality, name, device)
    if denoise:
        if encoder.denoise is None:
            message = f"{modality} cannot be freed of noise; pictures and sounds can"
            raise ValueError(message)
        encoder.denoise = True
        encoder.version = fingerprint(encoder.version, "denoise")
    return encoder


def _build(modality: Modality, name: str, device: str) -> Encoder[Any]:
    try:
        return _built(modality, name, device)
    except ModuleNotFoundError as error:
        # What the demo needs is less than all: the default encoders of texts and pictures are not in it.
        message = (
            f"{modality} encoder {name!r} needs the package {error.name}, which is not installed; "
            "`make setup` installs everything"
        )
        raise UnknownEncoderError(message) from error


def _built(modality: Modality, name: str, device: str) -> Encoder[Any]:
    if name.startswith(HUB_PREFIX):
        load_hub = import_module("encoders.hub").load_hub
        return cast("Encoder[Any]", load_hub(modality, name.removeprefix(HUB_PREFIX), device))
    if name.startswith(COMPRESSED_PREFIX):
        load_compressed = import_module("encoders.compression.loading").load_compressed
        return cast("Encoder[Any]", load_compressed(modality, name.removeprefix(COMPRESSED_PREFIX), device))
    entry = ENCODERS[modality].get(name)
    if entry is None:
        known = ", ".join(sorted(ENCODERS[modality]))
        message = (
            f"{modality} encoder {name!r} is unknown; known are: {known}, {HUB_PREFIX}NAME_OR_FOLDER "
            f"and {COMPRESSED_PREFIX}FOLDER"
        )
        raise UnknownEncoderError(message)
    build = getattr(import_module(entry.module), entry.class_name)
    return cast("Encoder[Any]", build(device))
