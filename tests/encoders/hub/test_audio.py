from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as tf
from numpy.typing import NDArray
from scipy.signal import resample_poly

from encoders.audio import RATE_HZ, Sound
from encoders.base import unit_rows
from encoders.hub.audio import HubAudioEncoder
from encoders.hub.loading import find
from encoders.hub.network import Arrays, Network
from tests.encoders.hub.conftest import Tiny


def noise(seconds: float, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


def full(folder: Path) -> HubAudioEncoder:
    return HubAudioEncoder(find(str(folder)), dtype=torch.float32)


def vectors(encoder: HubAudioEncoder, *sounds: NDArray[np.float32]) -> NDArray[np.float32]:
    return unit_rows(encoder.embed([encoder.prepare_sound(Sound(samples)) for samples in sounds]))


SOUNDS = [noise(0.5, 1), noise(0.9, 2), noise(0.9, 3)]


@torch.inference_mode()
def test_ast_gives_its_pooler(tiny: Tiny) -> None:
    extractor = tf.ASTFeatureExtractor.from_pretrained(tiny("ast"))
    features = extractor(SOUNDS, sampling_rate=RATE_HZ, return_tensors="pt")
    plain = tf.ASTModel.from_pretrained(tiny("ast"))(**features).pooler_output.numpy()
    np.testing.assert_allclose(vectors(full(tiny("ast")), *SOUNDS), unit_rows(plain), atol=1e-5)


@torch.inference_mode()
def test_wav2vec2_without_a_mask_gives_the_mean_of_each_sound_alone(tiny: Tiny) -> None:
    extractor = tf.Wav2Vec2FeatureExtractor.from_pretrained(tiny("wav2vec2"))
    model = tf.Wav2Vec2Model.from_pretrained(tiny("wav2vec2"))
    plain = [
        model(**extractor(sound, sampling_rate=RATE_HZ, return_tensors="pt")).last_hidden_state.mean(dim=1)
        for sound in SOUNDS
    ]
    np.testing.assert_allclose(
        vectors(full(tiny("wav2vec2")), *SOUNDS), unit_rows(torch.cat(plain).numpy()), atol=1e-5
    )


@torch.inference_mode()
def test_hubert_with_a_mask_gives_the_mean_of_what_is_no_padding(tiny: Tiny) -> None:
    extractor = tf.Wav2Vec2FeatureExtractor.from_pretrained(tiny("hubert"))
    model = tf.HubertModel.from_pretrained(tiny("hubert"))
    inputs = extractor(SOUNDS, sampling_rate=RATE_HZ, return_tensors="pt", padding=True)
    states = model(**inputs).last_hidden_state
    mask = model._get_feature_vector_attention_mask(states.shape[1], inputs["attention_mask"]).unsqueeze(-1)
    plain = ((states * mask).sum(dim=1) / mask.sum(dim=1)).numpy()
    found = vectors(full(tiny("hubert")), *SOUNDS)
    np.testing.assert_allclose(found, unit_rows(plain), atol=1e-5)
    alone = np.concatenate([vectors(full(tiny("hubert")), sound) for sound in SOUNDS])
    np.testing.assert_allclose(found, alone, atol=1e-4)


@pytest.mark.parametrize(("family", "sizes"), [("hubert", [3]), ("wav2vec2", [1, 2])])
def test_only_a_mask_lets_sounds_of_several_lengths_run_together(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, family: str, sizes: list[int]
) -> None:
    encoder = full(tiny(family))
    run, seen = Network.run, list[int]()

    def watched(network: Network, arrays: Arrays) -> NDArray[np.float32]:
        seen.append(len(arrays["input_values"]))
        return run(network, arrays)

    monkeypatch.setattr(Network, "run", watched)
    vectors(encoder, *SOUNDS)
    assert seen == sizes


@torch.inference_mode()
def test_clap_gives_its_projected_features(tiny: Tiny) -> None:
    # A second is what its extractor takes at once: nothing of it is filled up, or cut at random.
    second = noise(1.0, 4)
    extractor, model = (
        tf.ClapFeatureExtractor.from_pretrained(tiny("clap")),
        tf.ClapModel.from_pretrained(tiny("clap")),
    )
    there = resample_poly(second, 3, 1).astype(np.float32)
    features = extractor(there, sampling_rate=48_000, return_tensors="pt")["input_features"].float()
    plain = model.get_audio_features(features, is_longer=torch.zeros(1, 1, dtype=torch.bool)).pooler_output
    np.testing.assert_allclose(vectors(full(tiny("clap")), second), unit_rows(plain.numpy()), atol=1e-4)


def test_every_window_counts_by_its_duration(tiny: Tiny) -> None:
    # A second is what the tiny AST hears at once.
    encoder = full(tiny("ast"))
    first, rest = noise(1.0, 5), noise(0.5, 6)
    # Each row is already a vector times a duration.
    rows = encoder.embed([encoder.prepare_sound(Sound(samples)) for samples in (first, rest)])
    assert np.linalg.norm(rows[0]) > 1.5 * np.linalg.norm(rows[1])
    found = vectors(encoder, np.concatenate([first, rest]))
    np.testing.assert_allclose(found, unit_rows(rows.sum(axis=0, keepdims=True)), atol=1e-5)


@pytest.mark.parametrize("family", ["ast", "wav2vec2", "hubert", "clap"])
@pytest.mark.parametrize("seconds", [0.1, 25.0])
def test_no_sound_is_too_short_or_too_long(tiny: Tiny, family: str, seconds: float) -> None:
    found = vectors(full(tiny(family)), noise(seconds, 7))
    assert np.linalg.norm(found) == pytest.approx(1.0)
