"""The network that ranks candidates, as it serves."""

import msgspec
import numpy as np
from numba import njit

from online.ranking.chances import AS_THEY_ARE, Platt
from online.ranking.features import FEATURES
from online.statistics.base import Floats

CLIP = 6.0
"""Standardised features beyond this many deviations count as this many."""


class Network(msgspec.Struct, frozen=True):
    """A linear part plus a perceptron of one hidden layer over standardised features: a score for each candidate."""

    mean: Floats
    """[FEATURES]"""
    scale: Floats
    """[FEATURES] one over the standard deviation; 0 for what never varies."""
    linear: Floats
    """[FEATURES]"""
    hidden: Floats
    """[FEATURES, width]"""
    bias: Floats
    """[width]"""
    out: Floats
    """[width]"""
    platt: Platt = AS_THEY_ARE
    """What a softmax of a list's scores is worth as chances."""

    def scores(self, features: Floats) -> Floats:
        """[n] of n candidates with [n, FEATURES]; only their differences within a list mean anything."""
        return self.scores_of(*self.layers(features))

    def scores_of(self, x: Floats, layer: Floats) -> Floats:
        """[n] the scores of what `layers` gave."""
        scores: Floats = x @ self.linear + layer @ self.out
        return scores

    def layers(self, features: Floats) -> tuple[Floats, Floats]:
        """[n, FEATURES] the features, standardised, and [n, width] what the hidden layer makes of them."""
        x = _standardised(features, self.mean, self.scale)
        layer: Floats = x @ self.hidden
        _rectify(layer, self.bias)
        return x, layer


@njit(cache=True)
def _standardised(features: Floats, mean: Floats, scale: Floats) -> Floats:
    x = np.empty_like(features)
    limit = np.float32(CLIP)
    for i in range(len(features)):
        for feature in range(len(mean)):
            value = (features[i, feature] - mean[feature]) * scale[feature]
            x[i, feature] = min(max(value, -limit), limit)
    return x


@njit(cache=True)
def _rectify(layer: Floats, bias: Floats) -> None:
    for i in range(len(layer)):
        for unit in range(len(bias)):
            layer[i, unit] = max(layer[i, unit] + bias[unit], np.float32(0))


class _Packed(msgspec.Struct, array_like=True):
    features: int
    sizes: list[int]
    """Of hidden layers."""
    values: bytes
    platt: tuple[float, float] = AS_THEY_ARE
    """Earlier versions have none, and pass over it."""


def pack(network: Network) -> bytes:
    """The network as bytes, float32."""
    parts = (network.mean, network.scale, network.linear, network.hidden, network.bias, network.out)
    values = np.concatenate([part.ravel() for part in parts]).astype(np.float32).tobytes()
    return msgspec.msgpack.encode(_Packed(len(network.mean), [len(network.bias)], values, network.platt))


def unpack(data: bytes) -> Network | None:
    """What `pack` was given; None if it is for other features, or another number of layers, than this version's.

    Raises:
        ValueError: The bytes are damaged.
    """
    packed = msgspec.msgpack.decode(data, type=_Packed)
    if packed.features != FEATURES or len(packed.sizes) != 1:
        return None
    values = np.frombuffer(packed.values, np.float32)
    width = packed.sizes[0]
    ends = np.cumsum([FEATURES, FEATURES, FEATURES, FEATURES * width, width])
    if len(values) != ends[-1] + width:
        msg = f"a ranking of {len(values)} numbers instead of {ends[-1] + width}"
        raise ValueError(msg)
    mean, scale, linear, hidden, bias, out = np.split(values, ends)
    return Network(mean, scale, linear, hidden.reshape(FEATURES, width), bias, out, Platt(*packed.platt))
