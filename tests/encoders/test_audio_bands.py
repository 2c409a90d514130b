import numpy as np

from encoders.audio_bands import RANGE_DB, decibels, mel_bank, power_spectra
from tests.sounds import tone

WINDOW = np.asarray(np.hanning(512), np.float32)


def test_a_tone_is_in_its_bin_in_every_spectrum() -> None:
    power = power_spectra(tone(1.0, pitch_hz=1_000.0), WINDOW, hop=160)
    assert power.shape == (1 + (16_000 - 512) // 160, 257)
    assert set(power.argmax(axis=1).tolist()) == {1_000 * 512 // 16_000}


def test_power_is_that_of_the_transform() -> None:
    samples = tone(0.1)[:512]
    expected = np.abs(np.fft.rfft(samples * WINDOW)) ** 2
    np.testing.assert_allclose(power_spectra(samples, WINDOW, 160), expected[None], rtol=1e-3, atol=1e-3)


def test_decibels_end_at_a_range_below_the_loudest() -> None:
    level = decibels(np.array([[1e6, 1e5, 1.0, 0.0]], np.float32))
    np.testing.assert_allclose(level, [[60.0, 50.0, 0.0, 60.0 - RANGE_DB]], atol=1e-4)


def test_bands_are_narrow_where_ears_are_fine_and_leave_no_gap() -> None:
    bank = mel_bank(32, 512, 16_000, 50.0)
    assert bank.shape == (257, 32)
    assert bank.min() >= 0.0
    widths = (bank > 0).sum(axis=0)
    assert widths.min() >= 1
    assert widths[-1] > 4 * widths[0]
    # From the middle of the lowest band to that of the highest, each frequency counts once.
    np.testing.assert_allclose(bank[4:230].sum(axis=1), 1.0, atol=1e-5)
