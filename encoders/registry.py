"""Encoders by name. Nothing heavy is imported before the encoder that needs it is loaded."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from encoders.base import Encoder
from encoders.modalities import Modality


class Entry(NamedTuple):
    """Where an encoder is. Its class is called with the device's name."""

    modality: Modality
    module: str
    class_name: str


ENCODERS: Mapping[str, Entry] = MappingProxyType(
    {
        "minilm": Entry("text", "encoders.text_minilm", "MiniLMEncoder"),
        "wordllama": Entry("text", "encoders.text_wordllama", "WordLlamaEncoder"),
        "hashing": Entry("text", "encoders.text_hashing", "HashingEncoder"),
    }
)


class UnknownEncoderError(ValueError):
    """The registry has no encoder of that name."""


def load(name: str, device: str = "auto") -> Encoder[Any]:
    """Builds an encoder, anew at each call.

    Args:
        name: A key of ENCODERS.
        device: `cpu`, `cuda`, `cuda:N` or `auto`; encoders that need no accelerator ignore it.

    Raises:
        UnknownEncoderError: There is no such encoder; the message names those there are.
        ValueError: There is no such device.
    """
    entry = ENCODERS.get(name)
    if entry is None:
        message = f"encoder {name!r} is unknown; known are: {', '.join(sorted(ENCODERS))}"
        raise UnknownEncoderError(message)
    build = getattr(import_module(entry.module), entry.class_name)
    return cast("Encoder[Any]", build(device))
