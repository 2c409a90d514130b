"""Sounds: a family each, of one timbre and one rhythm."""

import io
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

RATE_HZ = 16_000
SECONDS = 2.5
TIMES_S = np.arange(int(RATE_HZ * SECONDS)) / RATE_HZ

Wave: TypeAlias = NDArray[np.float64]


def make_sound(rng: np.random.Generator, kind: int, noise: float) -> bytes:
    """An MP3 file of the family `kind`, one channel at 16 kHz."""
    wave = FAMILIES[kind](rng)
    wave /= np.sqrt(np.mean(wave**2))
    # At noise .5 the hiss is as loud as the sound.
    wave = (1.0 - noise) * wave + noise * rng.normal(size=wave.size)
    loudness = rng.uniform(0.3, 0.9) / np.abs(wave).max()
    file = io.BytesIO()
    soundfile.write(file, wave * loudness, RATE_HZ, format="MP3")
    return file.getvalue()


def _beats(rng: np.random.Generator, per_s: float, decay_s: float) -> list[tuple[slice, Wave]]:
    """The stretch of the sound that each beat takes, and how it fades there."""
    starts = (np.arange(rng.uniform(0, 0.5 / per_s), SECONDS, 1.0 / per_s) * RATE_HZ).astype(int)
    # After seven times the decay, a thousandth is left.
    stretches = [
        slice(start, min(start + int(7 * decay_s * RATE_HZ), TIMES_S.size)) for start in starts.tolist()
    ]
    return [(stretch, np.exp(-TIMES_S[: stretch.stop - stretch.start] / decay_s)) for stretch in stretches]


def _band(rng: np.random.Generator, low_hz: float, high_hz: float) -> Wave:
    """Noise between two frequencies."""
    sections = butter(2, (low_hz, high_hz), "bandpass", fs=RATE_HZ, output="sos")
    return np.asarray(sosfilt(sections, rng.normal(size=TIMES_S.size)), np.float64)


def _tone(frequency_hz: float, count: int = TIMES_S.size) -> Wave:
    """The first samples of a sine."""
    return np.asarray(np.sin(2 * np.pi * frequency_hz * TIMES_S[:count]), np.float64)


def _sweep(frequencies_hz: Wave) -> Wave:
    """A sine whose frequency changes from sample to sample."""
    return np.asarray(np.sin(2 * np.pi * np.cumsum(frequencies_hz) / RATE_HZ), np.float64)


def _drone(rng: np.random.Generator) -> Wave:
    pitch_hz = rng.uniform(70, 140)
    voices = [_tone(pitch_hz * rng.normal(1, 0.004) * n) / n for n in range(1, 12) for _ in range(2)]
    return np.asarray(np.sum(voices, axis=0), np.float64)


def _pluck(rng: np.random.Generator) -> Wave:
    wave, semitones = np.zeros(TIMES_S.size), (0, 2, 4, 7, 9, 12, 14, 16)
    base_hz = rng.uniform(200, 330)
    for stretch, fade in _beats(rng, rng.uniform(3, 5), 0.15):
        pitch_hz = base_hz * 2 ** (rng.choice(semitones) / 12)
        # High overtones fade first.
        wave[stretch] += sum(_tone(pitch_hz * n, fade.size) * fade**n / n for n in range(1, 6))
    return wave


def _bell(rng: np.random.Generator) -> Wave:
    wave, base_hz = np.zeros(TIMES_S.size), rng.uniform(500, 900)
    for stretch, fade in _beats(rng, rng.uniform(0.8, 1.4), 0.6):
        # The partials of a church bell are no multiples of one another.
        wave[stretch] += fade * sum(
            _tone(base_hz * ratio, fade.size) for ratio in (0.5, 1.0, 1.19, 1.56, 2.0, 2.74, 3.76)
        )
    return wave


def _drum(rng: np.random.Generator) -> Wave:
    wave, hiss = np.zeros(TIMES_S.size), _band(rng, 1500, 6000)
    for beat, (stretch, fade) in enumerate(_beats(rng, rng.uniform(4, 7), 0.05)):
        wave[stretch] += fade * (2 * hiss[: fade.size] if beat % 2 else _tone(rng.uniform(55, 75), fade.size))
    return wave


def _siren(rng: np.random.Generator) -> Wave:
    swing = np.sin(2 * np.pi * (rng.uniform(0.5, 1.0) * TIMES_S + rng.random()))
    return _sweep(rng.uniform(700, 900) * 2 ** (swing * 0.6))


def _chirps(rng: np.random.Generator) -> Wave:
    wave, low_hz = np.zeros(TIMES_S.size), rng.uniform(2000, 3000)
    for stretch, fade in _beats(rng, rng.uniform(5, 8), 0.05):
        rise_hz = rng.uniform(15_000, 25_000) * np.minimum(TIMES_S[: fade.size], 0.12)
        wave[stretch] += _sweep(low_hz + rise_hz) * fade
    return wave


def _beeps(rng: np.random.Generator) -> Wave:
    square = np.sign(_tone(rng.uniform(900, 1300)))
    on = (TIMES_S * rng.uniform(1.8, 2.6) + rng.random()) % 1.0 < 0.5
    return np.where(on, square, 0.0)


def _wind(rng: np.random.Generator) -> Wave:
    gusts = 1.2 + np.sin(2 * np.pi * (rng.uniform(0.3, 0.6) * TIMES_S + rng.random()))
    return _band(rng, rng.uniform(150, 250), rng.uniform(500, 800)) * gusts


FAMILIES: tuple[Callable[[np.random.Generator], Wave], ...] = (
    _drone, _pluck, _bell, _drum, _siren, _chirps, _beeps, _wind,
)  # fmt: skip
