"""Sounds made fit for a model's feature extractor: at its rate, in windows it can hear at once."""

from collections.abc import Sequence
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly
from transformers import AutoFeatureExtractor

from encoders.hub.loading import Source, first_line

Samples = NDArray[np.float32]
"""[n], mono."""
Extractor = Any
"""A feature extractor of `transformers`, of a class that only its folder knows."""
WINDOW_S = 10.0
"""Seconds heard at once at most: what AST and CLAP are made for; the attention of others grows with the square."""
LENGTH_LIMIT_S = 120.0
"""Seconds heard of one sound; what follows is ignored."""
REST_RATIO = 0.25
"""A last window shorter than this share of the others is left out."""
RECIPE = f"window={WINDOW_S} length={LENGTH_LIMIT_S} rest={REST_RATIO}"


def read_extractor(source: Source) -> Extractor:
    """The feature extractor of a folder.

    Raises:
        ValueError: There is none, or it cannot be used.
    """
    try:
        return AutoFeatureExtractor.from_pretrained(  # type: ignore[no-untyped-call]  # untyped there
            source.folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # each extractor validates what it gets in its own way
        message = (
            f"{source.name}: its feature extractor cannot be loaded: {first_line(error)}; "
            "save one there by its save_pretrained"
        )
        raise ValueError(message) from error


def window_s(extractor: Extractor) -> float:
    """Seconds that an extractor takes at once, at most WINDOW_S; what is longer it would cut, some at random."""
    if hasattr(extractor, "max_length_s"):
        return min(WINDOW_S, float(extractor.max_length_s))
    if hasattr(extractor, "num_mel_bins") and getattr(extractor, "max_length", None):
        # AST counts frames of Kaldi's filter bank: one every 10 ms.
        return min(WINDOW_S, float(extractor.max_length) / 100)
    return WINDOW_S


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """The same sound at another rate, both in Hz: polyphase filtering, as `scipy.signal.resample_poly`."""
    if rate == wanted:
        return samples
    common = gcd(rate, wanted)
    return np.asarray(resample_poly(samples, wanted // common, rate // common), np.float32)


def cut_sound(samples: Samples, rate: int, length_s: float) -> Sequence[Samples]:
    """Windows of `length_s`, without overlap, the last one shorter; at least one of a sound that is not empty."""
    size = int(length_s * rate)
    heard = samples[: int(LENGTH_LIMIT_S * rate)]
    pieces = [heard[start : start + size] for start in range(0, len(heard), size)]
    if len(pieces) > 1 and len(pieces[-1]) < REST_RATIO * size:
        pieces.pop()
    return pieces
