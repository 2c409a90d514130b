"""Parts of a clip, each encoded as if it were the whole."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder
from encoders.modalities import Modality
from encoders.video import decode_video

FIRST_HALF = (0.0, 0.5)
SECOND_HALF = (0.5, 1.0)


class Span(NamedTuple):
    """A part of a clip."""

    file: bytes
    start: float
    """Share of the duration at which it begins."""
    end: float
    """Share of the duration at which it ends."""


class SpanEncoder(Encoder[Any]):
    """Encodes spans as an encoder of clips would if each were a file of its own."""

    modality: ClassVar[Modality] = "video"

    def __init__(self, encoder: Encoder[Any]) -> None:
        """Wraps an encoder of clips, whose `prepare` takes a decoded `encoders.video.Clip` as well."""
        self._encoder = encoder
        self.name = encoder.name
        self.version = encoder.version
        self.dim = encoder.dim

    def prepare(self, entry: object) -> Any:  # noqa: ANN401  # the wrapped encoder's own
        """Decodes the span alone."""
        if not isinstance(entry, Span):
            message = f"expected a span of a clip, got {type(entry).__name__}"
            raise BadEntryError(message)
        return self._encoder.prepare(
            decode_video(entry.file, span=(entry.start, entry.end), with_sound=False)
        )

    def embed(self, prepared: Sequence[Any]) -> NDArray[np.float32]:
        """[n, dim]."""
        return self._encoder.embed(prepared)
