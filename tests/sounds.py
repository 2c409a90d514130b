"""Sounds of known content, and files of them in the formats that people send."""

import io
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

import av
import numpy as np
import soundfile
from av.audio.stream import AudioStream
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Writer = Callable[[Samples, int], bytes]
"""Makes a file of [n] or [n, channels] samples at a rate in Hz."""


def times(duration_s: float, rate_hz: int) -> NDArray[np.float64]:
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def tone(duration_s: float, rate_hz: int = 16_000, pitch_hz: float = 440.0) -> Samples:
    return np.asarray(0.5 * np.sin(2 * np.pi * pitch_hz * times(duration_s, rate_hz)), np.float32)


def sweep(
    duration_s: float, rate_hz: int = 16_000, lowest_hz: float = 200.0, highest_hz: float = 6_000.0
) -> Samples:
    """A tone that rises evenly in octaves."""
    octaves = np.log2(highest_hz / lowest_hz)
    pitch_hz = lowest_hz * 2.0 ** (octaves * times(duration_s, rate_hz) / duration_s)
    return np.asarray(0.5 * np.sin(2 * np.pi * np.cumsum(pitch_hz) / rate_hz), np.float32)


def noise_bursts(duration_s: float, rate_hz: int = 16_000, seed: int = 1) -> Samples:
    """White noise, on for an eighth of a second and off for another."""
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, round(duration_s * rate_hz))
    return np.asarray(noise * (times(duration_s, rate_hz) * 4 % 1 < 0.5), np.float32)


def clicks(duration_s: float, rate_hz: int = 16_000, every_s: float = 0.2) -> Samples:
    """Single samples far above nothing."""
    samples = np.zeros(round(duration_s * rate_hz), np.float32)
    samples[:: round(every_s * rate_hz)] = 0.9
    return samples


def murmur(duration_s: float, rate_hz: int = 16_000, pitch_hz: float = 120.0) -> Samples:
    """As a voice: harmonics of a low pitch, strongest about 500 and 1,500 Hz, four syllables a second."""
    at_s = times(duration_s, rate_hz)
    voice = np.zeros(len(at_s))
    for order in range(1, 30):
        strength = sum(np.exp(-(((order * pitch_hz - formant_hz) / 200) ** 2)) for formant_hz in (500, 1_500))
        voice += strength * np.sin(2 * np.pi * order * pitch_hz * at_s)
    return np.asarray(0.1 * voice * np.sin(2 * np.pi * 2 * at_s) ** 2, np.float32)


def plain(subtype: str, container: str) -> Writer:
    """Writes with libsndfile: `plain("PCM_16", "WAV")`."""

    def write(samples: Samples, rate_hz: int) -> bytes:
        file = io.BytesIO()
        soundfile.write(file, samples, rate_hz, subtype=subtype, format=container)
        return file.getvalue()

    return write


def coded(codec: str, container: str) -> Writer:
    """Writes with FFmpeg: `coded("aac", "mp4")`; mono or stereo."""

    def write(samples: Samples, rate_hz: int) -> bytes:
        file = io.BytesIO()
        with av.open(file, "w", format=container) as output:
            layout = "mono" if samples.ndim == 1 else "stereo"
            track = output.add_stream(codec, rate=rate_hz, layout=layout)
            assert isinstance(track, AudioStream)
            planes = np.ascontiguousarray(np.atleast_2d(samples.T))
            for start in range(0, planes.shape[1], 1024):
                frame = av.AudioFrame.from_ndarray(
                    planes[:, start : start + 1024], format="fltp", layout=layout
                )
                frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
                output.mux(track.encode(frame))
            output.mux(track.encode())
        return file.getvalue()

    return write


WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "wav of 8 bits": plain("PCM_U8", "WAV"),
        "wav of 16 bits": plain("PCM_16", "WAV"),
        "wav of 24 bits": plain("PCM_24", "WAV"),
        "wav of 32 bits": plain("PCM_32", "WAV"),
        "wav of floats": plain("FLOAT", "WAV"),
        "wav of doubles": plain("DOUBLE", "WAV"),
        "aiff": plain("PCM_16", "AIFF"),
        "caf": plain("PCM_16", "CAF"),
        "flac": plain("PCM_16", "FLAC"),
        "ogg vorbis": plain("VORBIS", "OGG"),
        "ogg opus": coded("libopus", "ogg"),
        "mp3": coded("libmp3lame", "mp3"),
        "aac": coded("aac", "adts"),
        "m4a": coded("aac", "mp4"),
        "mkv": coded("ac3", "matroska"),
        "webm": coded("libopus", "webm"),
        "mpeg-ts": coded("mp2", "mpegts"),
    }
)
"""By what people call the format; all of them take 48,000 Hz, mono and stereo."""
