"""A plain loop over the network for sounds: `onnxruntime` as it comes, one sound after the other."""

from collections.abc import Callable, Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from encoders.audio_network import FINAL, lower_layers, model_files
from encoders.audio_speech import PIECE_FRAMES, POOL, Heard


class PlainSpeech:
    """Mean and deviation of each channel over the pieces of a sound."""

    def __init__(self, prepare: Callable[[object], Heard]) -> None:
        """Loads the same layers as `encoders.audio_speech.SpeechEncoder`; `prepare` is that encoder's."""
        self.prepare = prepare
        self._session = onnxruntime.InferenceSession(
            lower_layers(model_files()[1], PIECE_FRAMES, POOL), providers=["CPUExecutionProvider"]
        )

    def embed(self, prepared: Sequence[Heard]) -> NDArray[np.float32]:
        """[n, 2 * channels]."""
        return np.stack([self._embed(sound) for sound in prepared])

    def _embed(self, sound: Heard) -> NDArray[np.float32]:
        name = self._session.get_inputs()[0].name
        means, squares = self._session.run(FINAL, {name: sound.pieces[:, :, :, None]})
        mean = means.mean(axis=0)
        deviation = np.sqrt(np.maximum(0.0, squares.mean(axis=0) - mean**2))
        return np.concatenate([mean, deviation], dtype=np.float32)
