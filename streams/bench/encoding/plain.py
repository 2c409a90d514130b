"""Which plain loop stands beside which encoder."""

from typing import Any

from encoders.base import Encoder
from streams.bench.encoding.rounds import Subject


def plain_loop(encoder: Encoder[Any], device: str) -> Subject | None:
    """A plain loop over the encoder's own model, on the same device; None for an encoder that has none."""
    # Imported only where it is needed, for each brings the libraries of its modality with it.
    match encoder.modality, encoder.name:
        case "text", "minilm":
            from streams.bench.encoding.plain_text import PlainMiniLM  # noqa: PLC0415

            return PlainMiniLM(device)
        case "image", "efficientnet":
            from streams.bench.encoding.plain_image import PlainEfficientNet  # noqa: PLC0415

            return PlainEfficientNet(encoder.prepare, device)
        case "audio", "speech":
            from streams.bench.encoding.plain_audio import PlainSpeech  # noqa: PLC0415

            return PlainSpeech(encoder.prepare)
        case "video", "frames":
            from streams.bench.encoding.plain_video import PlainFrames  # noqa: PLC0415

            return PlainFrames(encoder.prepare, device)
        case _:
            return None
