"""Learns what shares of lists' scores are worth as chances: logistic regression, one Newton step a list."""

import numpy as np
from numpy.typing import NDArray

from online.ranking.chances import AS_THEY_ARE, Platt, logit
from online.statistics.base import Floats

KEPT = 1 - 1 / 4_000
"""Of what is known, at each list: the last four thousand count."""
DAMPING = 5.0
"""Added to the curvature: where nothing is ever had, no first item that is moves everything."""
LEAST_SLOPE = 0.1
"""Chances have to keep the order of the shares."""


class PlattLearner:
    """Follows the maximum of the likelihood of what was had, of late, by its gradient and curvature."""

    def __init__(self) -> None:
        self._weights: NDArray[np.float64] = np.array(AS_THEY_ARE, np.float64)
        self._curvature: NDArray[np.float64] = np.zeros((2, 2))

    def learn(self, shares: Floats, had: NDArray[np.bool_]) -> None:
        """Takes the first items of a list: [n] the shares that they were served with, [n] what was then had."""
        x: NDArray[np.float64] = np.stack((np.ones(len(shares)), logit(shares)), axis=1)
        chances = Platt(*self._weights).chances(shares)
        self._curvature *= KEPT
        self._curvature += (x.T * (chances * (1 - chances))) @ x
        damped = self._curvature + DAMPING * np.eye(2)
        gradient = x.T @ (had - chances)
        step = np.linalg.solve(damped, gradient)
        if self._weights[1] + step[1] < LEAST_SLOPE:
            # The best step of those that end there.
            step[1] = LEAST_SLOPE - self._weights[1]
            step[0] = (gradient[0] - damped[0, 1] * step[1]) / damped[0, 0]
        self._weights += step

    def platt(self) -> Platt:
        """What was learned."""
        return Platt(*self._weights.tolist())

    def save(self) -> dict[str, np.ndarray]:
        """Arrays that `load` takes back."""
        return {"weights": self._weights.copy(), "curvature": self._curvature.copy()}

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self._weights, self._curvature = saved["weights"].copy(), saved["curvature"].copy()
