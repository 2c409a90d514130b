"""Real sounds made fit to encode: mono at one rate, without the silence around them."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from encoders.audio_track import DURATION_LIMIT_S, FORMATS, RATE_HZ, decoded
from encoders.base import BadEntryError, Encoder, Prepared
from encoders.container import UNREADABLE, file_bytes, opened, unreadable
from encoders.modalities import Modality

__all__ = ["DURATION_LIMIT_S", "PREPARATION", "RATE_HZ", "AudioEncoder", "Sound", "decode_sound", "sound_of"]

PREPARATION = "audio1"
"""Part of every audio encoder's version: raised when the same file would be prepared otherwise."""
SHORTEST_S = 0.1
"""Less than this is no sound that anybody would recognise."""
SILENCE_RATIO = 1e-3
"""Silence is what stays this far below the loudest moment: 60 dB."""
SILENCE_RMS = 1e-5
"""Silence is also what stays below this, of a full scale of 1: less than half a step of 16 bits."""
MOMENT_S = 0.02
"""Loudness is measured over moments of this length."""
NOISE_SHARE = 0.1
"""The quietest tenth of the moments of a sound tells what its noise is like."""
NOISE_FACTOR = 2.0
"""Noise is taken for this much stronger, for it varies (Berouti, Schwartz and Makhoul, 1979)."""
NOISE_FLOOR = 0.1
"""Denoising leaves this much of what it takes for noise: less makes it warble."""


@dataclass(frozen=True)
class Sound:
    """A sound, by itself or of a video."""

    samples: NDArray[np.float32]
    """[n] mono at RATE_HZ, full scale is 1."""
    start_s: float = 0.0
    """When its first sample is heard, by the clock of the file it is from."""


class AudioEncoder(Encoder[Prepared]):
    """An encoder of sounds: bytes of a file, or the `Sound` of a video."""

    modality: ClassVar[Modality] = "audio"
    denoise: bool | None = False
    """Whether sounds are freed of steady noise, those of videos too."""

    def prepare(self, entry: object) -> Prepared:
        """Decodes a file as `decode_sound`; a Sound is taken as decoded, and only freed of noise and silence."""
        denoised = bool(self.denoise)
        if isinstance(entry, Sound):
            return self.prepare_sound(trim_silence(denoise(entry) if denoised else entry))
        return self.prepare_sound(decode_sound(entry, denoised))

    @abstractmethod
    def prepare_sound(self, sound: Sound) -> Prepared:
        """What `embed` takes, of a sound that is trimmed, not silent, and at least SHORTEST_S long."""


def decode_sound(entry: object, denoised: bool = False) -> Sound:
    """Decodes a file on the caller's thread; any number of threads may do so at once.

    Of a truncated or damaged file, what can be decoded counts.

    Args:
        entry: Bytes of a file in one of `encoders.audio_track.FORMATS`: of any rate, channels mixed.
        denoised: Whether to take steady noise away, as `denoise`.

    Raises:
        BadEntryError: There is no sound in it; nothing else, whatever the bytes.
    """
    data = file_bytes(entry, "a sound file")
    try:
        with opened(data, FORMATS) as container:
            sound = sound_of(container)
    except UNREADABLE as error:
        raise unreadable(data, "sound", error) from error
    if sound is None:
        message = "the file has no sound track, or one coded in a way that is unknown here"
        raise BadEntryError(message)
    return trim_silence(denoise(sound) if denoised else sound)


def sound_of(container: InputContainer) -> Sound | None:
    """The first sound track of an open container, from its first sample on, silence included.

    `start_s` is the presentation time of the first sample by the container's clock, not by that of any other
    track. At most DURATION_LIMIT_S are decoded; packets that are damaged are left out, so a sound may be empty.

    Returns:
        None without a sound track that can be decoded.

    Raises:
        av.FFmpegError: The file is damaged beyond that.
    """
    found = decoded(container)
    return None if found is None else Sound(*found)


def trim_silence(sound: Sound) -> Sound:
    """The sound without a constant offset, and without the silence before and after it.

    Raises:
        BadEntryError: It is silent throughout, or shorter than SHORTEST_S.
    """
    if len(sound.samples) < SHORTEST_S * RATE_HZ:
        length_s = len(sound.samples) / RATE_HZ
        message = f"{length_s:.3f} s of sound can be decoded, expected {SHORTEST_S} s or more"
        raise BadEntryError(message)
    # Floats in a file may be anything; what no loudspeaker could play is not heard.
    samples = np.clip(np.nan_to_num(sound.samples, posinf=0.0, neginf=0.0), -1e3, 1e3)
    # The mean would let loud moments lift the silence between them.
    samples = np.asarray(samples - np.median(samples), np.float32)
    moment = round(MOMENT_S * RATE_HZ)
    starts = np.arange(0, len(samples), moment)
    counts = np.diff(np.append(starts, len(samples)))
    loudness = np.sqrt(np.add.reduceat(samples**2, starts, dtype=np.float64) / counts)
    if loudness.max() < SILENCE_RMS:
        message = f"all {len(samples) / RATE_HZ:.1f} s of the sound are silent"
        raise BadEntryError(message)
    heard = np.flatnonzero(loudness > max(SILENCE_RMS, SILENCE_RATIO * loudness.max()))
    first, end = int(starts[heard[0]]), min(len(samples), int(starts[heard[-1]]) + moment)
    # A click is shorter than what is asked of a file; the silence after it belongs to it.
    end = min(len(samples), max(end, first + round(SHORTEST_S * RATE_HZ)))
    first = min(first, end - round(SHORTEST_S * RATE_HZ))
    return replace(sound, samples=samples[first:end], start_s=sound.start_s + first / RATE_HZ)


def denoise(sound: Sound) -> Sound:
    """The sound with less steady noise, by spectral subtraction (Boll, 1979) with scipy's transforms.

    The noise at each frequency is what the quietest NOISE_SHARE of its moments have; a moment keeps the
    share of its power that is above the noise (Wiener's gain), and never less than NOISE_FLOOR.
    """
    length = len(sound.samples)
    if length < SHORTEST_S * RATE_HZ:
        return sound
    from scipy.signal import istft, stft  # noqa: PLC0415  # 100 MiB, which most workers do without

    _, _, spectrum = stft(sound.samples, RATE_HZ, nperseg=512)
    power = np.abs(spectrum) ** 2
    quiet = np.argsort(power.sum(axis=0))[: max(1, round(NOISE_SHARE * power.shape[1]))]
    noise = power[:, quiet].mean(axis=1, keepdims=True)
    gain = np.maximum(1.0 - NOISE_FACTOR * noise / np.maximum(power, 1e-20), NOISE_FLOOR)
    _, clean = istft(spectrum * gain, RATE_HZ, nperseg=512)
    return replace(sound, samples=np.asarray(clean[:length], np.float32))
