"""Sounds to vectors with any audio model: AST, Wav2Vec2 and its kin, the audio tower of CLAP."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from encoders.audio import PREPARATION, RATE_HZ, AudioEncoder, Sound
from encoders.base import fingerprint
from encoders.batching import Batches
from encoders.hub import loading, sounds
from encoders.hub.families import pooling_of
from encoders.hub.loading import Source, read_config
from encoders.hub.network import Arrays, Network, embed_by_shape
from encoders.hub.pooling import time_mean
from encoders.hub.sounds import Samples, cut_sound, read_extractor, resample, window_s
from encoders.text_windows import batches_by_length

BATCH = {"cpu": 8, "cuda": 64}
"""Windows in one forward pass."""
Features = NDArray[np.float32]
"""Samples [n], or a spectrogram: what the feature extractor puts out for one window."""


class Heard(NamedTuple):
    """A sound as the model wants it."""

    windows: tuple[Features, ...]
    """At least one."""
    durations_s: tuple[float, ...]
    """Of each window."""


class HubAudioEncoder(AudioEncoder[Heard]):
    """An audio model of `transformers`; pooling as in `encoders.hub.families`.

    Longer sounds are cut into windows; a sound's vector is their mean, each counting by its duration.
    """

    def __init__(
        self, source: Source, device: str = "cpu", dtype: torch.dtype | None = None, compiled: bool = False
    ) -> None:
        """Loads feature extractor and model; arguments as for `encoders.hub.network.Network`.

        Raises:
            ValueError: The folder's model is no audio encoder, or lacks something.
        """
        config = read_config(source)
        pooling = pooling_of("audio", config.model_type, source.name)
        self.name = source.name
        recipe = f"{loading.RECIPE} audio {pooling.__name__} {sounds.RECIPE}"
        self.version = fingerprint(recipe, PREPARATION, source.digest())
        self._extractor = read_extractor(source)
        self._rate = int(self._extractor.sampling_rate)
        # Models that were trained without a mask hear the padding: they get windows of one length at a time.
        self._masks = pooling is time_mean and bool(self._extractor.return_attention_mask)
        self._network = Network(source, config, pooling, device, dtype, compiled)
        self.weights = self._network.weights
        self._batches = Batches(BATCH[self._network.device.type])
        self.dim = self._network.dim(lambda: self._inputs([self._features(np.zeros(self._rate, np.float32))]))

    def prepare_sound(self, sound: Sound) -> Heard:
        """Windows of the sound at the model's rate, through its feature extractor."""
        samples = resample(sound.samples, RATE_HZ, self._rate)
        pieces = cut_sound(samples, self._rate, window_s(self._extractor))
        features = tuple(self._features(piece) for piece in pieces)
        return Heard(features, tuple(len(piece) / self._rate for piece in pieces))

    def embed(self, prepared: Sequence[Heard]) -> NDArray[np.float32]:
        """[n, dim]: sums of the windows' vectors, each times its duration."""
        vectors = self._vectors([window for heard in prepared for window in heard.windows])
        durations_s = np.array([duration for heard in prepared for duration in heard.durations_s], np.float32)
        owners = np.repeat(np.arange(len(prepared)), [len(heard.windows) for heard in prepared])
        raw = np.zeros((len(prepared), self.dim), np.float32)
        np.add.at(raw, owners, vectors * durations_s[:, None])
        return raw

    def _vectors(self, windows: Sequence[Features]) -> NDArray[np.float32]:
        if not self._masks:
            return embed_by_shape(windows, lambda alike: self._batches.run(alike, self._forward), self.dim)
        raw = np.zeros((len(windows), self.dim), np.float32)
        room = BATCH[self._network.device.type] * int(window_s(self._extractor) * self._rate)
        for chosen in batches_by_length([len(window) for window in windows], room):
            raw[chosen] = self._batches.run([windows[i] for i in chosen], self._forward)
        return raw

    def _forward(self, windows: Sequence[Features]) -> NDArray[np.float32]:
        return self._network.run(self._inputs(windows))

    def _features(self, samples: Samples) -> Features:
        """What the extractor makes of one window; padding comes with the batch."""
        found = self._extractor(samples, sampling_rate=self._rate, return_tensors="np")
        return np.asarray(found[self._extractor.model_input_names[0]][0], np.float32)

    def _inputs(self, windows: Sequence[Features]) -> Arrays:
        name, *others = self._extractor.model_input_names
        if "is_longer" in others:
            # CLAP's flag for sounds that were cut at random; its extractor sets it at random where none was.
            return {name: np.stack(windows), "is_longer": np.zeros((len(windows), 1), np.bool_)}
        if not self._masks:
            return {name: np.stack(windows)}
        values = np.zeros((len(windows), max(map(len, windows))), np.float32)
        mask = np.zeros(values.shape, np.int64)
        for row, window in enumerate(windows):
            values[row, : len(window)] = window
            mask[row, : len(window)] = 1
        return {name: values, "attention_mask": mask}
