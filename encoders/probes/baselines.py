"""What an encoder has to beat, by modality: the raw signal, made small and nothing else."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

from encoders.base import Encoder
from encoders.modalities import Modality
from encoders.registry import Entry

BASELINES: Mapping[Modality, Entry] = MappingProxyType(
    {
        "text": Entry("encoders.text_hashing", "HashingEncoder"),
        "image": Entry("encoders.probes.raw_pixels", "RawPixels"),
        "audio": Entry("encoders.probes.log_mel", "LogMelStatistics"),
        "video": Entry("encoders.probes.raw_frames", "RawFrames"),
    }
)
"""For modalities that come in files or tables; a place has no raw signal but itself."""


def baseline(modality: Modality) -> Encoder[Any]:
    """The raw signal of a modality as an encoder."""
    entry = BASELINES[modality]
    return cast("Encoder[Any]", getattr(import_module(entry.module), entry.class_name)())
