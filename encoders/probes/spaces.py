"""The same entries as several encoders see them, side by side."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.base import Encoder
from encoders.probes.errors import ProbeError
from encoders.probes.vectors import encode_all, is_projected, kept

UNPROJECTED = ", unprojected"
"""Ends the name of vectors as the encoder made them, before they were made small enough to keep."""


@dataclass(frozen=True)
class Spaces:
    """Vectors of the same entries in several spaces, by their names."""

    vectors: Mapping[str, NDArray[np.float32]]
    """Each [n, its own dim], n being the entries that all encoders could encode."""
    places: list[int]
    """[n]: which entries these are."""
    errors: Mapping[int, str]
    """Why the others are left out."""


def encode_spaces(
    encoder: Encoder[Any],
    raw: Encoder[Any],
    entries: Callable[[], Iterable[object]],
    advance: Callable[[str, int], None] = lambda name, count: None,
) -> Spaces:
    """Entries as the pipeline keeps them, unprojected where that differs, and as the raw baseline has them.

    Args:
        encoder: The encoder that is judged.
        raw: The baseline.
        entries: Gives the raw entries anew at each call, so that they need not all be in memory.
        advance: Told how many more entries an encoder has done.

    Raises:
        ProbeError: None of the entries can be encoded.
    """
    judged = encode_all(encoder, entries(), advance=lambda count: advance(encoder.name, count))
    bare = encode_all(raw, entries(), advance=lambda count: advance(raw_name(raw), count))
    errors = {**bare.errors, **judged.errors}
    places = [place for place in range(len(judged.vectors)) if place not in errors]
    if not places:
        reason = next(iter(errors.values()), "there are none")
        message = f"none of {len(judged.vectors)} entries can be encoded; the first: {reason}"
        raise ProbeError(message)
    vectors = {encoder.name: kept(judged.vectors[places])}
    if is_projected(encoder.dim):
        vectors[encoder.name + UNPROJECTED] = judged.vectors[places]
    return Spaces({**vectors, raw_name(raw): bare.vectors[places]}, places, errors)


def raw_name(raw: Encoder[Any]) -> str:
    """How a baseline is called beside encoders."""
    return f"raw: {raw.name}"
