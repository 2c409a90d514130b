"""Places for items that few were shown yet: Thompson sampling over what is known of their chances.

Each item's chance is drawn from what is known of it, and the largest draws are shown (Thompson, 1933; Chapelle and Li,
NIPS 2011): what is good so far often, what is hardly known now and then, what turned out bad hardly ever. A draw is
from a normal distribution of the Beta distribution's mean and variance, at a tenth of a Beta's price.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.statistics.base import Floats
from online.statistics.exposures import Shown

DRAWS = 64
"""How often the choice is drawn to know the propensities; the first draw counts."""


class Explored(NamedTuple):
    """What is shown, best draw first."""

    places: NDArray[np.int64]
    """[k] which of the items."""
    propensities: Floats
    """[k] the share of all draws that would have shown it, for estimates off policy."""


def explored(shown: Shown, relevance: Floats, k: int, seed: int) -> Explored:
    """Chooses k of n items to be shown.

    Args:
        shown: What is known of their chances, [n].
        relevance: [n] what each one's chance is multiplied with for this user.
        k: How many; all of them where there are fewer.
        seed: The same seed draws the same.
    """
    means, count = shown.means.astype(np.float64), len(shown.means)
    deviations = np.sqrt(means * (1 - means) / (shown.weights + 1))
    normal = np.random.default_rng(seed).standard_normal((DRAWS, count))
    draws = (means + deviations * normal) * relevance
    k = min(k, count)
    chosen = np.argpartition(-draws, k - 1, axis=1)[:, :k] if k else np.zeros((DRAWS, 0), np.int64)
    places = chosen[0][np.argsort(-draws[0, chosen[0]], kind="stable")]
    shares = np.bincount(chosen.ravel(), minlength=count) / DRAWS
    return Explored(places, shares[places].astype(np.float32))
