"""Exponential forgetting at no cost per stored number."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LARGEST_EXPONENT = 40.0
"""Half-lives that may lie between the reference and an event; float32 holds weights of up to 2**127."""


BLOCK = 1_024
"""Rows that are scaled down at once."""


class ForwardDecay:
    """Weights grow with an event's time instead of stored sums shrinking with the clock's.

    What happened at t is stored times 2 ** ((t - reference) / half-life), so any two stored sums compare correctly
    at any time, and `factor(now)` turns one into its decayed value (forward decay: Cormode et al., ICDE 2009).
    Late events simply weigh less. Once in LARGEST_EXPONENT half-lives every sum is scaled down.
    """

    def __init__(self, half_life_s: float, decayed: Sequence[NDArray[np.floating]]) -> None:
        if half_life_s <= 0:
            msg = f"half-life is {half_life_s} s; it has to be above 0 (math.inf: nothing is forgotten)"
            raise ValueError(msg)
        self.half_life_s = half_life_s
        self._decayed = decayed
        self.reference_s = math.nan
        """Time at which an event's weight is 1; not a number before the first event."""

    def weight(self, timestamp_s: float) -> float:
        """What to multiply an event's amount with before adding it to a stored sum."""
        if math.isnan(self.reference_s):
            self.reference_s = timestamp_s
        exponent = (timestamp_s - self.reference_s) / self.half_life_s
        if exponent > LARGEST_EXPONENT:
            for sums in self._decayed:
                for start in range(0, len(sums), BLOCK):
                    block = sums[start : start + BLOCK]
                    if block.any():  # what is only read takes no memory
                        np.multiply(block, 2.0**-exponent, out=block)
            self.reference_s = timestamp_s
            return 1.0
        return float(2.0**exponent)

    def factor(self, now_s: float) -> float:
        """What to multiply a stored sum with to get its value at `now_s`."""
        if math.isnan(self.reference_s):
            return 1.0
        exponent = (self.reference_s - now_s) / self.half_life_s
        return float(2.0 ** min(exponent, LARGEST_EXPONENT))


def factors(decays: Sequence[ForwardDecay], now_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """[times, decays] the factor of each at each of some times."""
    reference_s = np.array([decay.reference_s for decay in decays])
    half_life_s = np.array([decay.half_life_s for decay in decays])
    exponents = (reference_s - now_s[:, None]) / half_life_s
    exponents[:, np.isnan(reference_s)] = 0.0
    found: NDArray[np.float64] = np.exp2(np.minimum(exponents, LARGEST_EXPONENT))
    return found
