from io import BytesIO

import numpy as np
import pytest
import soundfile

from encoders.probes.log_mel import BANDS, WINDOW, LogMelStatistics, log_mel, mel_filters

RATE_HZ = 16_000


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(int(RATE_HZ * seconds)) / RATE_HZ).astype(np.float32)


def wav(samples: np.ndarray) -> bytes:
    file = BytesIO()
    soundfile.write(file, samples, RATE_HZ, format="WAV")
    return file.getvalue()


@pytest.mark.parametrize("hz", [200.0, 1_000.0, 5_000.0])
def test_a_tone_is_loudest_in_its_own_band(hz: float) -> None:
    loudest = int(log_mel(tone(hz), RATE_HZ).mean(axis=0).argmax())
    peak_hz = np.linspace(0, RATE_HZ / 2, WINDOW // 2 + 1)[mel_filters(RATE_HZ)[loudest].argmax()]
    assert peak_hz == pytest.approx(hz, rel=0.15)


def test_every_band_hears_something() -> None:
    assert mel_filters(RATE_HZ).shape == (BANDS, WINDOW // 2 + 1)
    assert (mel_filters(RATE_HZ).sum(axis=1) > 0).all()


def test_a_sound_shorter_than_a_window() -> None:
    assert np.isfinite(log_mel(tone(440.0, 0.01), RATE_HZ)).all()


def test_sounds_that_differ_have_vectors_that_differ() -> None:
    noise = np.random.Generator(np.random.PCG64(6)).normal(0.0, 0.3, RATE_HZ)
    encoded = LogMelStatistics().encode([wav(0.5 * tone(300.0)), wav(0.5 * tone(310.0)), wav(noise)])
    assert encoded.errors == {}
    near, far = encoded.vectors[0] @ encoded.vectors[1], encoded.vectors[0] @ encoded.vectors[2]
    assert near > 0.99 > far + 0.01
