"""The network that ranks candidates, as it serves: plain matrix products, without torch."""

from itertools import pairwise

import msgspec
import numpy as np

from online.ranking.features import FEATURES
from online.statistics.base import Floats

CLIP = 6.0
"""Standardised features beyond this many deviations count as this many."""


class Network(msgspec.Struct, frozen=True):
    """A linear part plus a small multi-layer perceptron over standardised features: a score for each candidate."""

    mean: Floats
    """[FEATURES]"""
    scale: Floats
    """[FEATURES] one over the standard deviation; 0 for what never varies."""
    linear: Floats
    """[FEATURES]"""
    weights: list[Floats]
    """[FEATURES, h1], [h1, h2], [h2]"""
    biases: list[Floats]
    """[h1], [h2]"""

    def scores(self, features: Floats) -> Floats:
        """[n] of n candidates with [n, FEATURES]; only their differences within a list mean anything."""
        x = features - self.mean
        x *= self.scale
        np.clip(x, -CLIP, CLIP, out=x)
        hidden = x
        for weight, bias in zip(self.weights[:-1], self.biases, strict=True):
            hidden = hidden @ weight
            hidden += bias
            np.maximum(hidden, 0, out=hidden)
        found: Floats = x @ self.linear + hidden @ self.weights[-1]
        return found


class _Packed(msgspec.Struct, array_like=True):
    features: int
    sizes: list[int]
    values: bytes


def pack(network: Network) -> bytes:
    """The network as bytes, float32."""
    sizes = [len(bias) for bias in network.biases]
    parts = [network.mean, network.scale, network.linear, *network.weights, *network.biases]
    values = np.concatenate([part.ravel() for part in parts]).astype(np.float32).tobytes()
    return msgspec.msgpack.encode(_Packed(len(network.mean), sizes, values))


def unpack(data: bytes) -> Network | None:
    """What `pack` was given; None if it is for other features than this version's.

    Raises:
        ValueError: The bytes are damaged.
    """
    packed = msgspec.msgpack.decode(data, type=_Packed)
    if packed.features != FEATURES:
        return None
    widths = [FEATURES, *packed.sizes]
    shapes: list[tuple[int, ...]] = [(FEATURES,)] * 3
    shapes += list(pairwise(widths))
    shapes += [(widths[-1],), *((size,) for size in packed.sizes)]
    values = np.frombuffer(packed.values, np.float32)
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    parts: list[Floats] = [
        part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes, strict=True)
    ]
    mean, scale, linear, *layers = parts
    count = len(packed.sizes) + 1
    return Network(mean, scale, linear, layers[:count], layers[count:])
