"""The weights of something learned: one vector, which an optimizer moves, and its parts by name."""

import math
from collections.abc import Mapping

import numpy as np

from online.statistics.base import Floats


def mean_kept(over: int, step_count: int) -> float:
    """What a step leaves of a mean over about so many last ones; of fewer, it is the mean of all."""
    return 1 - 1 / min(over, step_count)


class Weights:
    """A vector of all weights. What an optimizer or a mean does to it is done to its parts."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """All are zero."""
        self._shapes = dict(shapes)
        *self._ends, size = np.cumsum([math.prod(shape) for shape in self._shapes.values()]).tolist()
        self.vector = np.zeros(size, np.float32)

    @property
    def parts(self) -> dict[str, Floats]:
        """Views of the vector."""
        return self.split(self.vector)

    def split(self, vector: Floats) -> dict[str, Floats]:
        """A vector of as many numbers as there are weights, as views by name."""
        parts = np.split(vector, self._ends)
        return {
            name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }

    def joined(self, *parts: Mapping[str, Floats]) -> Floats:
        """A vector of as many numbers as there are weights, from parts by name; zero where none is given."""
        vector = np.zeros_like(self.vector)
        of_vector = self.split(vector)
        for given in parts:
            for name, part in given.items():
                of_vector[name][...] = part
        return vector

    def follow(self, other: "Weights", kept: float) -> None:
        """Moves towards other weights, as their mean of late: Polyak averaging, which keeps a share of what it was."""
        self.vector *= kept
        self.vector += (1 - kept) * other.vector

    def fits(self, saved: Mapping[str, np.ndarray]) -> bool:
        """Whether these arrays are of such weights."""
        return all(name in saved and saved[name].shape == shape for name, shape in self._shapes.items())

    def save(self) -> dict[str, np.ndarray]:
        """The weights by name."""
        return {name: part.copy() for name, part in self.parts.items()}

    def load(self, saved: Mapping[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        for name, part in self.parts.items():
            part[...] = saved[name]
