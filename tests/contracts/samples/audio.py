"""Sounds that differ in kind, length, rate, channels and container, and what is no sound."""

import io

import numpy as np
from PIL import Image

from tests.sounds import WRITERS, clicks, murmur, noise_bursts, sweep


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(file, "jpeg")
    return file.getvalue()


_SWEEP = WRITERS["wav of 16 bits"](sweep(3.0, 44_100), 44_100)
_BURSTS = noise_bursts(1.0, 48_000)
_SILENCE = np.zeros(16_000, np.float32)

GOOD: list[object] = [
    _SWEEP,
    WRITERS["m4a"](np.stack([_BURSTS, 0.5 * _BURSTS], axis=1), 48_000),
    WRITERS["flac"](clicks(0.3, 8_000), 8_000),
    WRITERS["ogg vorbis"](murmur(7.0, 22_050), 22_050),
]
BAD: list[object] = [
    b"",
    b"a text is no sound, however long it is. " * 100,
    _picture(),
    WRITERS["wav of 16 bits"](_SILENCE, 16_000),
    WRITERS["wav of floats"](_SILENCE + 0.25, 16_000),
    WRITERS["wav of 16 bits"](np.full(400, 0.5, np.float32), 16_000),
    _SWEEP[:44],
    None,
    7,
    "sound.wav",
]
