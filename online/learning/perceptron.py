"""The weights of a ranking network as they are learned, with a gradient."""

import numpy as np

from online.learning.weights import Weights
from online.ranking.features import FEATURES
from online.ranking.network import Network
from online.statistics.base import Floats


class Perceptron(Weights):
    """A linear part, which starts at zero, plus a perceptron of one hidden layer, which starts near it."""

    def __init__(self, width: int, rng: np.random.Generator) -> None:
        """Draws the first weights: the hidden layer's evenly from ±1 / sqrt(FEATURES), the last one's about zero."""
        super().__init__(
            {
                "linear.weight": (1, FEATURES),
                "hidden.weight": (width, FEATURES),
                "hidden.bias": (width,),
                "out.weight": (1, width),
            }
        )
        parts = self.parts
        reach = FEATURES**-0.5
        for name in ("hidden.weight", "hidden.bias"):
            parts[name][:] = rng.uniform(-reach, reach, parts[name].shape)
        parts["out.weight"][:] = rng.normal(0.0, 0.01, parts["out.weight"].shape)

    def network(self, mean: Floats, scale: Floats) -> Network:
        """A copy of the weights, for features of these moments: [FEATURES] and [FEATURES]."""
        parts = self.split(self.vector.copy())
        hidden = np.ascontiguousarray(parts["hidden.weight"].T)
        return Network(
            mean, scale, parts["linear.weight"][0], hidden, parts["hidden.bias"], parts["out.weight"][0]
        )

    def gradient(self, x: Floats, layer: Floats, pull: Floats) -> Floats:
        """[weights] of a loss, by the chain rule.

        Args:
            x: [n, FEATURES] standardised features of n candidates, as `Network.layers` gives them.
            layer: [n, width] what the hidden layer made of them.
            pull: [n] the loss's derivative by each candidate's score.
        """
        out = self.parts["out.weight"]
        back = pull[:, None] * out * (layer > 0)  # [n, width]
        return np.concatenate((pull @ x, (back.T @ x).ravel(), back.sum(axis=0), pull @ layer))
