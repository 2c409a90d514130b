"""Networks of random weights, and networks whose order is known."""

import numpy as np

from online.ranking.features import FEATURES
from online.ranking.network import Network


def network_of(width: int, features: int = FEATURES, seed: int = 0) -> Network:
    """Random weights, a hidden layer of this width."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    return Network(
        normal(features),
        normal(features),
        normal(features),
        normal(features, width),
        normal(width),
        normal(width),
    )


def looking_at(column: int, weight: float = 1.0) -> Network:
    """A network whose score is one column alone."""
    linear = np.zeros(FEATURES, np.float32)
    linear[column] = weight
    tenth = np.full(FEATURES, 0.1, np.float32)
    nothing = np.zeros(1, np.float32)
    return Network(0 * linear, tenth, linear, np.zeros((FEATURES, 1), np.float32), nothing, nothing)
