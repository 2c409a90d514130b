"""Sounds of many kinds, made of numbers alone: what an encoder's features are measured against."""

import numpy as np
from numpy.typing import NDArray

from encoders.audio_track import RATE_HZ

COUNT = 64
SEED = 5


def reference_sounds(length: int) -> list[NDArray[np.float32]]:
    """COUNT sounds of `length` samples, the same on every machine: coloured noise and tones, steady or beating."""
    # numpy keeps a bit generator's stream for ever, but not what a Generator makes of it (NEP 19).
    raw = np.random.PCG64(SEED).random_raw(COUNT * (length + 8))
    uniform = (np.asarray(raw >> np.uint64(11), np.float64) * 2.0**-53).reshape(COUNT, -1)
    return [_sound(row[:8], row[8:] - 0.5) for row in uniform]


def _sound(dials: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float32]:
    """A mixture of noise, whose power falls with frequency, and a tone, that swells or fades in each beat.

    Args:
        dials: [8] in [0, 1): colour, pitch, brightness, glide, share of tone, beats, shape of a beat, hum.
        noise: [length] white.
    """
    colour, pitch, brightness, glide, share, beats, fade, hum = dials.tolist()
    coloured = _coloured(noise, exponent=1.5 * colour)
    time_s = np.arange(len(noise)) / RATE_HZ
    # 60 Hz to 3.8 kHz, gliding up or down by up to an octave a second.
    phase = 2.0 * np.pi * np.cumsum(60.0 * 2.0 ** (6.0 * pitch + (2.0 * glide - 1.0) * time_s)) / RATE_HZ
    # The sum of five harmonics, each weaker than the one before.
    first = (0.3 + 0.6 * brightness) * np.exp(1j * phase)
    tone = (first * (1.0 - first**5) / (1.0 - first)).imag
    # One to sixteen beats a second, each fading to between nothing and all of its start.
    swing = np.exp(-8.0 * fade * (time_s * 16.0**beats % 1.0))
    mixed = (1.0 - share) * coloured / coloured.std() + share * tone / tone.std()
    return np.asarray(swing * mixed + 0.1 * hum * np.sin(2.0 * np.pi * 50.0 * time_s), np.float32)


def _coloured(noise: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """The noise with amplitudes that fall with frequency to the power of `exponent`."""
    spectrum = np.fft.rfft(noise)
    return np.fft.irfft(spectrum / np.arange(1, len(spectrum) + 1) ** exponent, len(noise))
