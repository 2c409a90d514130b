"""From what a user had to what they are looked to like, as it serves."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.learning.losses import log_softmax
from online.statistics.base import Floats

HISTORY = 60
"""Entries of a history that a taste is made from."""
HALF_BELIEVED = 10.0
"""The mean of so many entries counts half."""
STEEPNESS = 40.0
"""How decidedly a mean tells the kinds of users apart: of unit vectors, it is short."""


def in_heads(vectors: Floats, heads: int) -> Floats:
    """[heads, n, dim / heads] of [n, dim]."""
    return np.ascontiguousarray(vectors.reshape(len(vectors), heads, -1).swapaxes(0, 1))


def joined(parts: Floats) -> Floats:
    """[n, dim]: takes `in_heads` back."""
    return parts.swapaxes(0, 1).reshape(parts.shape[1], -1)


def believed(means: Floats, counts: Floats) -> Floats:
    """[n, dim] means of [n, 1] so many vectors, drawn to zero where they are few."""
    return means * (counts / (counts + HALF_BELIEVED))


def memberships(means: Floats, gates: Floats, biases: Floats) -> Floats:
    """[heads, n, kinds] how much each user is of each kind, 1 in all; see `Taste`."""
    shares: Floats = np.exp(log_softmax(STEEPNESS * (means @ gates) + biases[:, None]))
    return shares


def liked(means: Floats, shares: Floats, likes: Floats, skips: Floats, bias: Floats) -> Floats:
    """[n, dim] what users like that had the [heads, n, dim / heads] means, being of each kind so much; see `Taste`."""
    return joined(shares @ likes + skips[:, None, None] * means) + bias


class Taste(msgspec.Struct, frozen=True):
    """Tells which kinds of users one is of by the mean of a history's item vectors; what they like is added to it.

    Each part of the vectors ("head") does so by itself: who likes the same pictures need not like the same sounds.
    The product with an item's vector is how much speaks for the item: a logit, up to what is the same for all items.
    """

    gates: Floats
    """[heads, dim / heads, kinds]"""
    gate_biases: Floats
    """[heads, kinds]"""
    likes: Floats
    """[heads, kinds, dim / heads] what each kind of users likes."""
    bias: Floats
    """[dim]"""
    skips: Floats
    """[heads] what the mean itself is multiplied with."""
    sharpness: float
    """What the sum is multiplied with."""

    def directions(self, units: Floats, counts: NDArray[np.int64]) -> Floats:
        """[users, dim] of what users had.

        Args:
            units: [n, dim] the vectors of their histories' items that have one, the first user's first; at most HISTORY
                of each, in any order.
            counts: [users] how many are each one's, at least 1.
        """
        of_each = counts[:, None].astype(np.float32)
        sums: Floats = np.add.reduceat(units, np.cumsum(counts) - counts, axis=0)
        heads = in_heads(believed(sums / of_each, of_each), len(self.skips))
        shares = memberships(heads, self.gates, self.gate_biases)
        found = liked(heads, shares, self.likes, self.skips, self.bias)
        return np.asarray(found * self.sharpness, np.float32)


class _Packed(msgspec.Struct, array_like=True):
    shape: tuple[int, int, int]
    """heads, dim / heads, kinds"""
    sharpness: float
    values: bytes


def pack(taste: Taste) -> bytes:
    """The taste as bytes, float32."""
    parts = (taste.gates, taste.gate_biases, taste.likes, taste.bias, taste.skips)
    values = np.concatenate([part.ravel() for part in parts]).astype(np.float32).tobytes()
    return msgspec.msgpack.encode(_Packed(taste.gates.shape, taste.sharpness, values))


def unpack(data: bytes) -> Taste | None:
    """What `pack` was given; None of nothing.

    Raises:
        ValueError: The bytes are damaged.
    """
    if not data:
        return None
    packed = msgspec.msgpack.decode(data, type=_Packed)
    heads, size, kinds = packed.shape
    values = np.frombuffer(packed.values, np.float32)
    ends = np.cumsum([heads * size * kinds, heads * kinds, heads * kinds * size, heads * size])
    if len(values) != ends[-1] + heads:
        msg = f"a taste of {heads} times {size} and {kinds} has {len(values)} numbers"
        raise ValueError(msg)
    gates, gate_biases, likes, bias, skips = np.split(values, ends)
    return Taste(
        gates.reshape(heads, size, kinds),
        gate_biases.reshape(heads, kinds),
        likes.reshape(heads, kinds, size),
        bias,
        skips,
        packed.sharpness,
    )
