"""Whether the two halves of one recording find each other: a task that needs no labels."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from encoders.base import unit_rows
from encoders.probes.errors import ProbeError


class Halves(NamedTuple):
    """How well first halves find their second halves."""

    top1: float
    """Share of those whose own second half is nearer than every other."""
    mrr: float
    """Mean of 1 / rank of their own second half."""


def halves_found(first: NDArray[np.float32], second: NDArray[np.float32]) -> Halves:
    """Searches each row of `first` among all of `second` by cosine; its own is the same row.

    An equally near stranger counts as nearer, so that vectors which are all the same find nothing.

    Args:
        first: [n, dim], of any length.
        second: [n, dim], of any length.

    Raises:
        ProbeError: There are fewer than two pairs: nothing to confuse.
    """
    if first.shape != second.shape or len(first) < 2:
        message = f"expected at least two pairs of halves, got {list(first.shape)} and {list(second.shape)}"
        raise ProbeError(message)
    cosines = unit_rows(first) @ unit_rows(second).T
    ranks = (cosines >= np.diag(cosines)[:, None]).sum(axis=1)
    return Halves(float(np.mean(ranks == 1)), float(np.mean(1.0 / ranks)))
