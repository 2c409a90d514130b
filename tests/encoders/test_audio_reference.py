import numpy as np

from encoders.audio_reference import COUNT, reference_sounds

LENGTH = 8_000
FIRST_SOUND = [0.16981478, -0.5255833, -0.11353289]
"""At samples 0, 100 and 4,000, as another version of numpy must find them too."""


def test_the_sounds_are_the_same_each_time_and_all_different() -> None:
    first, second = np.stack(reference_sounds(LENGTH)), np.stack(reference_sounds(LENGTH))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (COUNT, LENGTH)
    assert first.dtype == np.float32
    likeness = np.corrcoef(first) - np.eye(COUNT)
    assert np.abs(likeness).max() < 0.95


def test_they_are_of_many_kinds() -> None:
    power = np.abs(np.fft.rfft(np.stack(reference_sounds(LENGTH)), axis=1))[:, 1:] ** 2
    # 1 for noise as white as can be, near 0 for a tone (Johnston, 1988).
    flatness = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    assert flatness.max() > 0.2
    assert flatness.min() < 0.005


def test_they_stay_what_they_are() -> None:
    sound = reference_sounds(LENGTH)[0]
    np.testing.assert_allclose(sound[[0, 100, 4_000]], FIRST_SOUND, rtol=1e-3, atol=1e-4)
