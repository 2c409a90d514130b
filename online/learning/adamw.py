"""AdamW (Loshchilov and Hutter, ICLR 2019) on one vector of weights."""

from collections.abc import Mapping

import numpy as np

from online.statistics.base import Floats

MEAN_KEPT, SQUARE_KEPT = 0.9, 0.99
"""At each step, of the running mean of gradients, and of that of their squares."""
EPSILON = 1e-8


class AdamW:
    """Steps along the mean gradient, each weight by its own scale; weights decay by themselves."""

    def __init__(self, size: int, weight_decay: float, square_kept: float = SQUARE_KEPT) -> None:
        """For so many weights; at each step they lose `weight_decay` times the rate."""
        self._weight_decay, self._square_kept = weight_decay, square_kept
        self.rate = 0.0
        """Of the newest step."""
        self._step_count = 0
        self._mean, self._square = np.zeros(size, np.float32), np.zeros(size, np.float32)
        """[size] running means of gradients, and of their squares."""

    def step(self, weights: Floats, gradient: Floats, rate: float) -> None:
        """Changes the weights in place."""
        self.rate = rate
        self._step_count += 1
        self._mean += (1 - MEAN_KEPT) * (gradient - self._mean)
        self._square += (1 - self._square_kept) * (gradient**2 - self._square)
        mean = self._mean / (1 - MEAN_KEPT**self._step_count)
        square = self._square / (1 - self._square_kept**self._step_count)
        weights *= 1 - rate * self._weight_decay
        weights -= rate * mean / (np.sqrt(square) + EPSILON)

    def save(self) -> dict[str, np.ndarray]:
        """What it goes on from."""
        return {
            "mean": self._mean.copy(),
            "square": self._square.copy(),
            "step_count": np.array(self._step_count),
        }

    def load(self, saved: Mapping[str, np.ndarray]) -> None:
        """Takes back what `save` gave; with nothing, as an earlier version's snapshot has it, begins anew."""
        if saved:
            self._mean, self._square = saved["mean"].copy(), saved["square"].copy()
            self._step_count = int(saved["step_count"])
        else:
            self._mean[:] = self._square[:] = self._step_count = 0
