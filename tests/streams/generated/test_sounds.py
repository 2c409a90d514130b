import io

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from streams.generated.sounds import FAMILIES, RATE_HZ, SECONDS, make_sound
from streams.generated.world import CLASSES, generator


def spectrum(index: int, kind: int, noise: float) -> NDArray[np.float64]:
    """[40] log loudness by frequency, of unit length and mean 0."""
    wave, _ = soundfile.read(io.BytesIO(make_sound(generator(0, "audio", index), kind, noise)))
    power = np.abs(np.fft.rfft(wave[: 800 * (len(wave) // 800)].reshape(-1, 800), axis=1)).mean(axis=0)
    bands = np.log([band.mean() + 1e-3 for band in np.array_split(power, 40)])
    centred = bands - bands.mean()
    return np.asarray(centred / np.linalg.norm(centred))


def test_there_is_a_family_for_each_class() -> None:
    assert len(FAMILIES) == CLASSES


@pytest.mark.parametrize("kind", range(CLASSES))
def test_a_sound_is_a_short_file_that_varies_by_item_only(kind: int) -> None:
    first, again, other = (make_sound(generator(0, "audio", index), kind, 0.1) for index in (0, 0, 1))
    assert first == again
    assert first != other
    wave, rate_hz = soundfile.read(io.BytesIO(first))
    assert rate_hz == RATE_HZ
    assert wave.ndim == 1
    assert len(wave) / RATE_HZ == pytest.approx(SECONDS, abs=0.2)
    assert 0.2 < np.abs(wave).max() <= 1.0
    assert len(first) < 20_000


def test_families_sound_different() -> None:
    kinds = np.arange(48) % CLASSES
    spectra = np.stack([spectrum(index, int(kind), 0.0) for index, kind in enumerate(kinds)])
    likeness = spectra @ spectra.T - 2 * np.eye(48)
    assert (kinds[likeness.argmax(axis=1)] == kinds).mean() > 0.7


def test_noise_drowns_the_sound_in_hiss() -> None:
    hiss = spectrum(1, 0, 1.0)
    likeness = [float(spectrum(0, 0, noise) @ hiss) for noise in (0.0, 0.1, 1.0)]
    assert likeness[0] < likeness[1] < likeness[2]
