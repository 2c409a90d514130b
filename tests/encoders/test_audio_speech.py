import numpy as np
import pytest

from encoders.audio import RATE_HZ, Sound
from encoders.audio_reference import reference_sounds
from encoders.audio_speech import BAND_COUNT, PIECE_FRAMES, PIECE_LIMIT, SpeechEncoder, cut_pieces
from encoders.base import unit_rows
from tests.devices import DEVICE
from tests.sounds import WRITERS, clicks, murmur, noise_bursts, sweep, tone


@pytest.fixture(scope="module")
def speech() -> SpeechEncoder:
    return SpeechEncoder(DEVICE)


def test_sounds_of_a_kind_are_near_each_other(speech: SpeechEncoder) -> None:
    kinds = [
        [murmur(2.0, pitch_hz=pitch) for pitch in (110.0, 130.0)],
        [noise_bursts(2.0, seed=seed) for seed in (1, 2)],
        [clicks(2.0, every_s=every) for every in (0.2, 0.25)],
        [sweep(2.0, highest_hz=highest) for highest in (6_000.0, 5_000.0)],
    ]
    vectors = speech.encode([Sound(samples) for kind in kinds for samples in kind]).vectors
    likeness = vectors @ vectors.T - 2 * np.eye(len(vectors))
    assert [place ^ 1 for place in range(len(vectors))] == likeness.argmax(axis=1).tolist()


def test_loudness_format_and_rate_hardly_matter(speech: SpeechEncoder) -> None:
    sound = murmur(2.0, 48_000)
    files = [
        WRITERS["wav of 24 bits"](sound, 48_000),
        WRITERS["wav of 24 bits"](0.05 * sound, 48_000),
        WRITERS["flac"](murmur(2.0, 16_000), 16_000),
        WRITERS["wav of 16 bits"](np.stack([sound, sound], axis=1), 48_000),
    ]
    vectors = speech.encode(files).vectors
    assert (vectors @ vectors.T).min() > 0.99


def test_a_short_sound_is_heard_as_often_as_it_fits(speech: SpeechEncoder) -> None:
    once, thrice, other = speech.encode(
        [Sound(sweep(0.5)), Sound(np.tile(sweep(0.5), 6)), Sound(noise_bursts(0.5))]
    ).vectors
    assert once @ thrice > 0.95
    assert once @ other < 0.7


def test_what_comes_late_in_a_long_sound_counts(speech: SpeechEncoder) -> None:
    first, second = tone(120.0, pitch_hz=300.0), noise_bursts(120.0)
    mixed, alone, other = speech.encode(
        [Sound(np.concatenate([first, second])), Sound(first), Sound(second)]
    ).vectors
    assert mixed @ alone > other @ alone + 0.1
    assert mixed @ other > other @ alone + 0.1


def test_the_work_for_one_sound_is_bounded(speech: SpeechEncoder) -> None:
    heard = speech.prepare(Sound(noise_bursts(599.0)))
    assert heard.pieces.shape == (PIECE_LIMIT, PIECE_FRAMES, 32)
    assert heard.bands.shape == (3 * BAND_COUNT,)


def test_sounds_of_different_lengths_share_runs_without_touching(speech: SpeechEncoder) -> None:
    heard = [speech.prepare(Sound(murmur(length_s))) for length_s in (0.5, 31.0, 3.0, 17.0)]
    together = unit_rows(speech.embed(heard))
    alone = unit_rows(np.concatenate([speech.embed([one]) for one in heard]))
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_the_reference_sounds_are_standard_and_both_parts_weigh_the_same(speech: SpeechEncoder) -> None:
    length = 512 + 160 * (PIECE_FRAMES - 1)
    raw = speech.embed([speech._hear(sound) for sound in reference_sounds(length)])
    np.testing.assert_allclose(raw.mean(axis=0), 0.0, atol=1e-3)
    bands = slice(speech.dim - 3 * BAND_COUNT, None)
    assert np.square(raw[:, bands]).sum(axis=1).mean() == pytest.approx(1.0, abs=1e-2)
    assert np.square(raw).sum(axis=1).mean() == pytest.approx(2.0, abs=2e-2)


def test_no_number_is_constant(speech: SpeechEncoder) -> None:
    assert speech.dim == 2 * 72 + 3 * BAND_COUNT
    vectors = speech.encode([Sound(sound) for sound in reference_sounds(2 * RATE_HZ)[:20]]).vectors
    assert vectors.std(axis=0).min() > 1e-4


def test_pieces_cover_a_sound_from_start_to_end() -> None:
    samples = np.arange(1_000, dtype=np.float32)
    pieces = cut_pieces(samples, length=300, limit=10)
    assert [len(piece) for piece in pieces] == [300] * 4
    assert set(np.concatenate(pieces).tolist()) == set(samples.tolist())
    assert [piece[0] for piece in cut_pieces(samples, 100, 4)] == [0, 300, 600, 900]


def test_a_piece_is_filled_by_repeating() -> None:
    (piece,) = cut_pieces(np.array([1, 2, 3], np.float32), length=7, limit=10)
    assert piece.tolist() == [1, 2, 3, 1, 2, 3, 1]


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ValueError, match="expected cpu, cuda"):
        SpeechEncoder("tpu")
