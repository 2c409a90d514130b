from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import transformers
from hypothesis import given
from hypothesis import strategies as st

from encoders.hub.loading import Source
from encoders.hub.sounds import (
    LENGTH_LIMIT_S,
    WINDOW_S,
    cut_sound,
    read_extractor,
    resample,
    window_s,
)

tf: Any = transformers
"""It leaves its feature extractors untyped."""
RATE_HZ = 1_000


@given(st.integers(1, 130 * RATE_HZ), st.sampled_from([1.0, 1.28, 10.0]))
def test_windows_hold_a_sound_up_to_the_limit(count: int, length_s: float) -> None:
    samples = np.arange(1, count + 1, dtype=np.float32)
    windows = cut_sound(samples, RATE_HZ, length_s)
    size = int(length_s * RATE_HZ)
    assert all(len(window) == size for window in windows[:-1])
    assert 1 <= len(windows[-1]) <= size
    heard = np.concatenate(windows)
    np.testing.assert_array_equal(heard, samples[: len(heard)])
    assert len(heard) >= min(count, LENGTH_LIMIT_S * RATE_HZ) - 0.25 * size


def test_resampling_keeps_a_tone_and_its_length() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    found = resample(tone, 16_000, 48_000)
    assert found.dtype == np.float32
    expected = np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    np.testing.assert_allclose(found[1_000:-1_000], expected[1_000:-1_000], atol=1e-3)
    assert resample(tone, 16_000, 16_000) is tone


@pytest.mark.parametrize(
    ("extractor", "expected_s"),
    [
        (tf.ClapFeatureExtractor(max_length_s=7), 7.0),
        (tf.ASTFeatureExtractor(max_length=128, num_mel_bins=32), 1.28),
        (tf.ASTFeatureExtractor(max_length=1_024, num_mel_bins=32), WINDOW_S),
        (tf.Wav2Vec2FeatureExtractor(), WINDOW_S),
        (SimpleNamespace(), WINDOW_S),
    ],
)
def test_a_window_is_what_the_extractor_takes_at_once(extractor: SimpleNamespace, expected_s: float) -> None:
    assert window_s(extractor) == expected_s


def test_a_folder_without_an_extractor_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="hf:none: its feature extractor cannot be loaded: "):
        read_extractor(Source("hf:none", tmp_path))
