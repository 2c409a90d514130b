"""Statistics of a sound's log-mel spectrogram, which an encoder has to beat."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import stft

from encoders.audio import RATE_HZ, AudioEncoder, Sound

BANDS = 64
WINDOW = 1_024
"""Samples of one spectrum."""
HOP = 512
"""Samples from one spectrum to the next."""
LOWEST_HZ = 50.0
FLOOR = 1e-10
"""Power below which all is silence: -100 dB of a full-scale sine, near enough."""


class LogMelStatistics(AudioEncoder[NDArray[np.float32]]):
    """Mean and deviation over time of each band, and of its change from one spectrum to the next."""

    name = "log-mel statistics"
    version = "logmel1"
    dim = 4 * BANDS

    def prepare_sound(self, sound: Sound) -> NDArray[np.float32]:
        """[dim]."""
        bands = log_mel(sound.samples, RATE_HZ)
        change = np.diff(bands, axis=0, prepend=bands[:1])
        parts = (bands.mean(axis=0), bands.std(axis=0), change.mean(axis=0), change.std(axis=0))
        return np.concatenate(parts).astype(np.float32)

    def embed(self, prepared: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """[n, dim]."""
        return np.stack(prepared)


def log_mel(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """[spectra, BANDS]: natural logarithms of the power in each mel band, at least that of FLOOR.

    Args:
        samples: [n], mono, n >= 1.
        rate_hz: Samples a second.
    """
    padded = np.pad(samples, (0, max(0, WINDOW - len(samples))))
    _, _, spectra = stft(padded, rate_hz, nperseg=WINDOW, noverlap=WINDOW - HOP, boundary=None, padded=False)
    power = np.abs(spectra.T) ** 2
    return np.asarray(np.log(np.maximum(power @ mel_filters(rate_hz).T, FLOOR)), np.float64)


@lru_cache
def mel_filters(rate_hz: int) -> NDArray[np.float64]:
    """[BANDS, WINDOW // 2 + 1]: overlapping triangles, equally wide in mel.

    A mel is 2595 log10(1 + f / 700) (O'Shaughnessy, 1987).
    """
    low, high = (2_595.0 * np.log10(1.0 + hz / 700.0) for hz in (LOWEST_HZ, rate_hz / 2))
    edges = 700.0 * (10.0 ** (np.linspace(low, high, BANDS + 2) / 2_595.0) - 1.0)
    frequencies = np.linspace(0.0, rate_hz / 2, WINDOW // 2 + 1)
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequencies - left) / (middle - left)
    falling = (right - frequencies) / (right - middle)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)), np.float64)
