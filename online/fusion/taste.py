"""From what a user had to what they are looked to like, as it serves: without torch."""

import msgspec
import numpy as np

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

    def direction(self, units: Floats) -> Floats:
        """[dim] of what a user had.

        Args:
            units: [n, dim] the vectors of the history's items that have one, n >= 1; at most HISTORY, in any order.
        """
        mean = units.mean(axis=0)
        layer = np.concatenate((mean, np.log1p(np.float32(len(units)))[None])) @ self.hidden + self.bias
        found: Floats = np.maximum(layer, 0) @ self.out + self.out_bias + self.skip * mean
        return np.asarray(found * self.sharpness, np.float32)
