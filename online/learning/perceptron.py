"""The weights of a ranking network as they are learned: one vector, with a gradient and a place in snapshots."""

import math
from collections.abc import Mapping

import numpy as np

from online.ranking.features import FEATURES
from online.ranking.network import Network
from online.statistics.base import Floats


class Perceptron:
    """A linear part, which starts at zero, plus a perceptron of one hidden layer, which starts near it."""

    def __init__(self, width: int, rng: np.random.Generator) -> None:
        """Draws the first weights: the hidden layer's evenly from ±1 / sqrt(FEATURES), the last one's about zero."""
        self._shapes = {
            "linear.weight": (1, FEATURES),
            "hidden.weight": (width, FEATURES),
            "hidden.bias": (width,),
            "out.weight": (1, width),
        }
        *self._ends, size = np.cumsum([math.prod(shape) for shape in self._shapes.values()]).tolist()
        self.vector = np.zeros(size, np.float32)
        parts = self.split(self.vector)
        reach = FEATURES**-0.5
        for name in ("hidden.weight", "hidden.bias"):
            parts[name][:] = rng.uniform(-reach, reach, self._shapes[name])
        parts["out.weight"][:] = rng.normal(0.0, 0.01, self._shapes["out.weight"])

    def split(self, vector: Floats) -> dict[str, Floats]:
        """A vector of as many numbers as there are weights, as views by name."""
        parts = np.split(vector, self._ends)
        return {
            name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }

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
        out = self.split(self.vector)["out.weight"]
        back = pull[:, None] * out * (layer > 0)  # [n, width]
        return np.concatenate((pull @ x, (back.T @ x).ravel(), back.sum(axis=0), pull @ layer))

    def fits(self, saved: Mapping[str, np.ndarray]) -> bool:
        """Whether these arrays are of a network of this shape."""
        return all(name in saved and saved[name].shape == shape for name, shape in self._shapes.items())

    def save(self) -> dict[str, np.ndarray]:
        """The weights by name."""
        return {name: part.copy() for name, part in self.split(self.vector).items()}

    def load(self, saved: Mapping[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        for name, part in self.split(self.vector).items():
            part[:] = saved[name]
