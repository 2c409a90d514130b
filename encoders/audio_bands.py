"""Loudness of a sound by time and pitch: mel spectra in decibels."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

FLOOR_POWER = 1e-10
RANGE_DB = 80.0
"""What is further below the loudest place of a sound is raised to there: nobody hears it."""


def power_spectra(samples: NDArray[np.float32], window: NDArray[np.float32], hop: int) -> NDArray[np.float32]:
    """[n] samples -> [1 + (n - size) // hop, size // 2 + 1] power, for a window of `size` samples, n >= size."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, len(window))[::hop] * window
    spectra = rfft(frames, axis=-1)
    return np.asarray(spectra.real**2 + spectra.imag**2, np.float32)


def decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """10 log10 of the power of one sound, from its loudest place down to RANGE_DB below."""
    level = 10.0 * np.log10(np.maximum(power, FLOOR_POWER))
    return np.asarray(np.maximum(level, level.max() - RANGE_DB), np.float32)


def mel_bank(count: int, size: int, rate_hz: int, lowest_hz: float) -> NDArray[np.float32]:
    """[size // 2 + 1, count] weights of triangles evenly spaced in mel, up to half the rate.

    2595 log10(1 + f / 700) is the mel of O'Shaughnessy (1987).
    """
    lowest, highest = (2595.0 * np.log10(1.0 + pitch_hz / 700.0) for pitch_hz in (lowest_hz, rate_hz / 2))
    edges_hz = 700.0 * (10.0 ** (np.linspace(lowest, highest, count + 2) / 2595.0) - 1.0)
    bins_hz = np.linspace(0.0, rate_hz / 2, size // 2 + 1)[:, None]
    low, centre, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising, falling = (bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), np.float32)
