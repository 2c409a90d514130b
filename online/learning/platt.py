"""Learns what shares of lists' scores are worth as chances: logistic regression, one Newton step a list."""

import numpy as np
from numpy.typing import NDArray

from online.ranking.chances import AS_THEY_ARE, Platt, logit
from online.statistics.base import Floats

DEPTH = 10
"""So many of a list's first items count: what is shown has to be right, and they are next to nothing of all."""
KEPT = 0.999
"""Of what is known, at each list: the last thousand count."""
DAMPING = 5.0
"""Added to the curvature: where nothing is ever had, no first item that is moves everything."""
LEAST_SLOPE = 0.1
"""Chances have to keep the order of the shares."""


class PlattLearner:
    """Follows the maximum of the likelihood of what was had, of late, by its gradient and curvature."""

    def __init__(self) -> None:
        self._weights: NDArray[np.float64] = np.array(AS_THEY_ARE, np.float64)
        self._curvature: NDArray[np.float64] = np.zeros((2, 2))

    def learn(self, scores: Floats, had: NDArray[np.bool_], count: int) -> None:
        """Takes a list before anything else learns it.

        Args:
            scores: [n] of candidates that were kept, all that were had among them, the others by lot.
            had: [n] what was then had.
            count: How many candidates there were.
        """
        best_first = np.argsort(-scores, kind="stable")
        scores, had = scores[best_first] - scores.max(), had[best_first]
        others = int(np.count_nonzero(~had))
        stands_for: NDArray[np.float64] = np.where(had, 1.0, (count - len(had) + others) / max(others, 1))
        parts = np.exp(scores)
        # Each counts as one in its own share: what was had does, and the others would seem smaller beside it.
        shares = parts / (parts.dot(stands_for) - parts * (stands_for - 1))
        end = np.searchsorted(np.cumsum(stands_for), DEPTH) + 1
        shares, had, stands_for = shares[:end], had[:end], stands_for[:end]
        x: NDArray[np.float64] = np.stack((np.ones(len(shares)), logit(shares)), axis=1)
        chances = Platt(*self._weights).chances(shares)
        self._curvature *= KEPT
        self._curvature += (x.T * (stands_for * chances * (1 - chances))) @ x
        damped = self._curvature + DAMPING * np.eye(2)
        self._weights += np.linalg.solve(damped, x.T @ (stands_for * (had - chances)))
        self._weights[1] = max(self._weights[1], LEAST_SLOPE)

    def platt(self) -> Platt:
        """What was learned."""
        return Platt(*self._weights.tolist())

    def save(self) -> dict[str, np.ndarray]:
        """Arrays that `load` takes back."""
        return {"weights": self._weights.copy(), "curvature": self._curvature.copy()}

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self._weights, self._curvature = saved["weights"].copy(), saved["curvature"].copy()
