"""From an item's share of its list's scores to the chance that the user has it next."""

from typing import NamedTuple

import numpy as np

from online.statistics.base import Floats

LEAST_SHARE = 1e-7


class Platt(NamedTuple):
    """logit p = a + b logit s, of a chance p and a share s (Platt, 1999; the logit of s is what he calls a score).

    Shares add up to 1 over all candidates of a list, which chances need not: a basket holds several items, and of
    what is had next not all is a candidate.
    """

    intercept: float
    slope: float

    def chances(self, shares: Floats) -> Floats:
        """[n] of [n]; their order is that of the shares as long as the slope is above 0."""
        # (1 + tanh(x / 2)) / 2 is the logistic function, and never overflows.
        found = (1 + np.tanh((self.intercept + self.slope * logit(shares)) / 2)) / 2
        return found.astype(np.float32)


AS_THEY_ARE = Platt(0.0, 1.0)
"""Takes shares for chances."""


def logit(shares: Floats) -> Floats:
    """log(s / (1 - s)), of shares within LEAST_SHARE and 1 - LEAST_SHARE."""
    bounded = np.clip(shares, LEAST_SHARE, 1 - LEAST_SHARE)
    found: Floats = np.log(bounded / (1 - bounded))
    return found
