from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from encoders.audio import RATE_HZ, SHORTEST_S, AudioEncoder, Sound, decode_sound, denoise, trim_silence
from encoders.base import BadEntryError
from tests.contracts.samples.audio import BAD
from tests.sounds import WRITERS, Samples, noise_bursts, sweep, tone

QUIET = np.zeros(RATE_HZ, np.float32)
REASONS = [
    "the file is empty",
    "4000 bytes that cannot be read as sound",
    r"\d+ bytes that cannot be read as sound",
    "all 1.0 s of the sound are silent",
    "all 1.0 s of the sound are silent",
    "0.025 s of sound can be decoded, expected 0.1 s or more",
    "0.000 s of sound can be decoded, expected 0.1 s or more",
    "expected the bytes of a sound file, got NoneType",
    "expected the bytes of a sound file, got int",
    "expected the bytes of a sound file, got str",
]
"""Why each of BAD is none."""


def pitch_hz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * RATE_HZ / len(samples))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_gives_the_sound_that_went_in(kind: str, channels: int) -> None:
    # Silence in one channel must not matter, nor which of them it is.
    samples = tone(1.5, 48_000, 660.0)
    planes = samples if channels == 1 else np.stack([0 * samples, samples], axis=1)
    sound = decode_sound(WRITERS[kind](planes, 48_000))
    assert sound.samples.dtype == np.float32
    assert sound.samples.ndim == 1
    assert len(sound.samples) / RATE_HZ == pytest.approx(1.5, abs=0.05)
    assert pitch_hz(sound.samples) == pytest.approx(660.0, abs=1.0)
    assert sound.samples.std() == pytest.approx(0.35 if channels == 1 else 0.25, abs=0.02)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 96_000, 192_000])
def test_any_rate_becomes_ours(rate_hz: int) -> None:
    sound = decode_sound(WRITERS["wav of 16 bits"](tone(1.0, rate_hz, 1_000.0), rate_hz))
    assert len(sound.samples) == pytest.approx(RATE_HZ, abs=2)
    assert pitch_hz(sound.samples) == pytest.approx(1_000.0, abs=1.0)


def test_what_is_too_high_for_our_rate_does_not_come_back_as_another_pitch() -> None:
    mixed = tone(1.0, 48_000, 1_000.0) + tone(1.0, 48_000, 11_000.0)
    spectrum = np.abs(np.fft.rfft(decode_sound(WRITERS["wav of floats"](mixed, 48_000)).samples))
    # 11 kHz would fold to 5 kHz.
    assert spectrum[4_900:5_100].max() < spectrum[1_000] / 1_000


def test_six_channels_are_mixed() -> None:
    planes = np.repeat(tone(1.0)[:, None], 6, axis=1)
    assert pitch_hz(decode_sound(WRITERS["flac"](planes, RATE_HZ)).samples) == pytest.approx(440.0, abs=1.0)


def test_silence_around_a_sound_goes_and_the_clock_knows() -> None:
    samples = np.concatenate([QUIET, tone(0.5), QUIET, tone(0.5), QUIET, QUIET])
    sound = decode_sound(WRITERS["wav of 16 bits"](samples, RATE_HZ))
    assert len(sound.samples) / RATE_HZ == pytest.approx(2.0, abs=0.04)
    assert sound.start_s == pytest.approx(1.0, abs=0.02)


def test_faint_hiss_around_a_sound_is_silence_too() -> None:
    hiss = 2e-4 * noise_bursts(4.0)
    samples = hiss + np.concatenate([QUIET, tone(1.0), QUIET, QUIET])
    sound = trim_silence(Sound(samples, start_s=7.0))
    assert len(sound.samples) / RATE_HZ == pytest.approx(1.0, abs=0.04)
    assert sound.start_s == pytest.approx(8.0, abs=0.02)


def test_a_quiet_sound_is_a_sound() -> None:
    assert len(trim_silence(Sound(1e-3 * tone(1.0))).samples) == RATE_HZ


def test_a_single_click_leaves_enough_to_hear() -> None:
    for place in (0, 9_000, RATE_HZ - 1):
        click = QUIET.copy()
        click[place] = 0.9
        sound = trim_silence(Sound(click))
        assert len(sound.samples) == SHORTEST_S * RATE_HZ
        heard_s = sound.start_s + float(np.abs(sound.samples).argmax()) / RATE_HZ
        assert heard_s == pytest.approx(place / RATE_HZ, abs=1e-6)


def test_a_constant_offset_goes() -> None:
    sound = trim_silence(Sound(tone(1.0) + np.float32(0.3)))
    np.testing.assert_allclose(sound.samples, tone(1.0), atol=1e-4)


def test_numbers_that_are_none_are_not_heard() -> None:
    samples = tone(1.0).copy()
    samples[[10, 20, 30]] = [np.nan, np.inf, -np.inf]
    assert np.isfinite(decode_sound(WRITERS["wav of floats"](samples, RATE_HZ)).samples).all()
    with pytest.raises(BadEntryError, match="silent"):
        trim_silence(Sound(np.full(RATE_HZ, np.nan, np.float32)))


@pytest.mark.parametrize("kind", ["wav of 24 bits", "flac", "mp3", "ogg vorbis", "aac", "mkv", "mpeg-ts"])
def test_of_a_truncated_file_counts_what_is_there(kind: str) -> None:
    data = WRITERS[kind](sweep(6.0, 48_000), 48_000)
    length_s = len(decode_sound(data[: 2 * len(data) // 3]).samples) / RATE_HZ
    assert 2.0 < length_s < 5.0


@pytest.mark.parametrize(
    ("entry", "reason"), list(zip(BAD, REASONS, strict=True)), ids=lambda given: repr(given)[:20]
)
def test_what_is_no_sound_has_a_reason(entry: object, reason: str) -> None:
    with pytest.raises(BadEntryError, match=f"^{reason}"):
        decode_sound(entry)


def test_reasons_say_what_is_wrong() -> None:
    for entry, reason in [
        (b"", "the file is empty"),
        ("a.wav", "expected the bytes of a sound file, got str"),
        (b"text " * 99, "495 bytes that cannot be read as sound: Invalid data found"),
        (WRITERS["wav of 16 bits"](QUIET, RATE_HZ), "all 1.0 s of the sound are silent"),
        (
            WRITERS["wav of 16 bits"](tone(0.05), RATE_HZ),
            r"0.050 s of sound can be decoded, expected 0.1 s or more",
        ),
    ]:
        with pytest.raises(BadEntryError, match=reason):
            decode_sound(entry)


def test_denoising_takes_hiss_and_leaves_the_tone() -> None:
    rng = np.random.default_rng(3)
    # The hiss is alone at times, which is how it is known.
    pure = np.concatenate([QUIET, tone(2.0), QUIET])
    hissing = pure + np.asarray(0.05 * rng.standard_normal(len(pure)), np.float32)
    clean = denoise(Sound(hissing)).samples
    assert np.square(clean - pure).mean() < np.square(hissing - pure).mean() / 4
    middle = slice(RATE_HZ + 2_000, 3 * RATE_HZ - 2_000)
    assert clean[middle] @ pure[middle] / (pure[middle] @ pure[middle]) == pytest.approx(1.0, abs=0.05)


def test_denoising_is_an_option_of_decoding() -> None:
    data = WRITERS["wav of floats"](tone(1.0) + 0.1 * noise_bursts(1.0), RATE_HZ)
    assert not np.array_equal(decode_sound(data).samples, decode_sound(data, denoised=True).samples)


def test_threads_do_not_disturb_each_other() -> None:
    files = [
        writer(tone(1.0, 48_000, 300.0 + 50.0 * place), 48_000)
        for place, writer in enumerate(WRITERS.values())
    ]
    alone = [decode_sound(data).samples for data in files]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for one, other in zip(alone, pool.map(decode_sound, files), strict=True):
                np.testing.assert_array_equal(one, other.samples)


class Power(AudioEncoder[float]):
    """How strong a sound is."""

    name, version, dim = "power", "1", 1

    def prepare_sound(self, sound: Sound) -> float:
        return float(np.square(sound.samples).sum())

    def embed(self, prepared: object) -> NDArray[np.float32]:
        return np.atleast_2d(np.asarray(prepared, np.float32)).T


class Lengths(AudioEncoder[float]):
    """As small as an encoder can be: how long a sound is."""

    name, version, dim = "lengths", "1", 1

    def prepare_sound(self, sound: Sound) -> float:
        return len(sound.samples) / RATE_HZ

    def embed(self, prepared: object) -> NDArray[np.float32]:
        return np.atleast_2d(np.asarray(prepared, np.float32)).T


def test_an_encoder_takes_files_and_the_sounds_of_videos_alike() -> None:
    samples = np.concatenate([QUIET, tone(0.5)])
    for entry in (Sound(samples, start_s=3.0), WRITERS["wav of 16 bits"](samples, RATE_HZ)):
        assert Lengths().prepare(entry) == pytest.approx(0.5, abs=0.02)
    with pytest.raises(BadEntryError, match="silent"):
        Lengths().prepare(Sound(QUIET))


def test_an_encoder_denoises_files_and_the_sounds_of_videos_if_told_so() -> None:
    samples = tone(1.0) + 0.1 * noise_bursts(1.0)
    encoder = Power()
    for entry in (WRITERS["wav of floats"](samples, RATE_HZ), Sound(samples)):
        encoder.denoise = False
        noisy = encoder.prepare(entry)
        encoder.denoise = True
        assert encoder.prepare(entry) < noisy
