"""The directions along which items of a modality differ most: the principal components of their vectors."""

import numpy as np

from online.fusion.tower import AXES
from online.statistics.base import Floats

SPREAD_TIMES = 2.0
"""Axes kept, by what items spread over: what sets few of them apart may be what is liked."""
LEAST_SPREAD = 0.01
"""Of the mean squared distance from the centre: where all items are alike, their differences are noise."""


def axes_of(vectors: Floats, centre: Floats) -> Floats:
    """The first principal components of [n, width] vectors, twice as many as they spread over, at most AXES.

    They spread over the participation ratio of the variances along them: (sum)² / sum of squares, the number of them
    if all were equal. Items of a few sharp kinds differ in few directions, and what else is there is noise.

    Returns:
        [width, AXES] scaled so that squared lengths along them are 1 on average; zero where there is none.
    """
    centred = vectors - centre
    variances, directions = np.linalg.eigh(centred.T @ centred / len(vectors))
    variances = np.maximum(variances[::-1], 0.0)
    ratio = variances.sum() ** 2 / max(float(np.square(variances).sum()), LEAST_SPREAD**2)
    count = min(max(round(SPREAD_TIMES * ratio), 1), AXES)
    axes = np.zeros((len(directions), AXES), np.float32)
    axes[:, :count] = directions[:, ::-1][:, :count]
    axes *= max(float(variances[:count].sum()), LEAST_SPREAD) ** -0.5
    return axes


def turn(axes: Floats, others: Floats) -> Floats:
    """What turns weights by [width, AXES] axes into those by others: [AXES, AXES].

    What came out by the old ones comes out by the new ones too, but for what lies off these.
    """
    return np.asarray(others.T @ axes / np.square(others[:, 0]).sum(), np.float32)
