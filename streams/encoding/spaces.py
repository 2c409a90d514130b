"""The space that each modality's vectors lie in: an encoder, and the projection that makes them small."""

from collections.abc import Mapping, Sequence
from typing import Any

from encoders import registry
from encoders.base import Encoded, Encoder
from encoders.modalities import MODALITY_BITS, Modality
from encoders.projection import Projection, pack_half
from streams.embeddings import Embedded
from streams.settings import Settings, SettingsError

Spaces = Mapping[Modality, "Space"]


class Space:
    """One modality's encoder and projection."""

    def __init__(self, encoder: Encoder[Any]) -> None:
        self.encoder = encoder
        self._projection = Projection(encoder.dim)
        self.name = f"{encoder.name}/{encoder.version}/{self._projection.version}"
        """What a vector depends on besides its content; vectors of different names are never compared."""

    def rows(self, hashes: Sequence[str], encoded: Encoded) -> list[Embedded]:
        """What is kept of a batch that was encoded, entry by entry."""
        vectors = self._projection.project(encoded.vectors)
        return [
            self.failed(content_hash, encoded.errors[place])
            if place in encoded.errors
            else Embedded(content_hash, self.name, pack_half(vectors[place]))
            for place, content_hash in enumerate(hashes)
        ]

    def failed(self, content_hash: str, reason: str, *, transient: bool = False) -> Embedded:
        """What is kept of content that has no vector."""
        return Embedded(content_hash, self.name, b"", reason, transient)

    def absent(self, content_hash: str) -> Embedded:
        """What is kept of a file without this modality: a video without sound."""
        return Embedded(content_hash, self.name, b"")


def load_spaces(settings: Settings) -> dict[Modality, Space]:
    """Loads the encoders that the settings name.

    Raises:
        SettingsError: One is unknown, or there is no such device.
    """
    spaces: dict[Modality, Space] = {}
    for modality in MODALITY_BITS:
        name: str = getattr(settings, f"{modality}_encoder")
        if name != registry.NO_ENCODER:
            try:
                denoise = settings.denoise(modality)
                spaces[modality] = Space(registry.load(modality, name, settings.device, denoise))
            except (ValueError, OSError) as exc:
                msg = f"FRESHET_{modality.upper()}_ENCODER or FRESHET_DEVICE: {exc}"
                raise SettingsError(msg) from None
    return spaces
