"""The modalities, their bits, and the mask that says which of them an item has."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

Modality = Literal["text", "image", "audio", "video", "location"]

MODALITY_BITS: Mapping[Modality, int] = MappingProxyType(
    {"text": 1, "image": 2, "audio": 4, "video": 8, "location": 16}
)
"""One bit per modality. Stored in Kafka: a bit is never given another meaning."""


def modality_mask(present: Iterable[Modality]) -> int:
    """The union of the bits of `present`; 0 when nothing is."""
    mask = 0
    for modality in present:
        mask |= MODALITY_BITS[modality]
    return mask


def modalities_in(mask: int) -> tuple[Modality, ...]:
    """The modalities whose bits are set, in the order of their bits; bits nobody knows yet are ignored."""
    return tuple(modality for modality, bit in MODALITY_BITS.items() if mask & bit)
