"""From what a user had to what they are looked to like, as it serves."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.statistics.base import Floats

HISTORY = 60
"""Entries of a history that a taste is made from."""


class Taste(msgspec.Struct, frozen=True):
    """The mean of a history's item vectors, through one hidden layer, added to it.

    The product with an item's vector is how much speaks for the item: a logit, up to what is the same for all items.
    """

    hidden: Floats
    """[dim + 1, width]"""
    bias: Floats
    """[width]"""
    out: Floats
    """[width, dim]"""
    out_bias: Floats
    """[dim]"""
    skip: float
    """What the mean itself is multiplied with."""
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
        means = np.add.reduceat(units, np.cumsum(counts) - counts, axis=0) / of_each
        layer = np.concatenate((means, np.log1p(of_each)), axis=1) @ self.hidden + self.bias
        found = np.maximum(layer, 0) @ self.out + self.out_bias + self.skip * means
        return np.asarray(found * self.sharpness, np.float32)


class _Packed(msgspec.Struct, array_like=True):
    shape: tuple[int, int]
    """dim, width"""
    skip: float
    sharpness: float
    values: bytes


def pack(taste: Taste) -> bytes:
    """The taste as bytes, float32."""
    parts = (taste.hidden, taste.bias, taste.out, taste.out_bias)
    values = np.concatenate([part.ravel() for part in parts]).astype(np.float32).tobytes()
    width, dim = taste.out.shape
    return msgspec.msgpack.encode(_Packed((dim, width), taste.skip, taste.sharpness, values))


def unpack(data: bytes) -> Taste | None:
    """What `pack` was given; None of nothing.

    Raises:
        ValueError: The bytes are damaged.
    """
    if not data:
        return None
    packed = msgspec.msgpack.decode(data, type=_Packed)
    dim, width = packed.shape
    values = np.frombuffer(packed.values, np.float32)
    hidden, bias, out, out_bias = np.split(values, np.cumsum([(dim + 1) * width, width, width * dim]))
    if len(out_bias) != dim:
        msg = f"a taste of {dim} and {width} has {len(values)} numbers"
        raise ValueError(msg)
    return Taste(
        hidden.reshape(dim + 1, width),
        bias,
        out.reshape(width, dim),
        out_bias,
        packed.skip,
        packed.sharpness,
    )
