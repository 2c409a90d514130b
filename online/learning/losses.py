"""What a list costs that is ranked by scores, and what it is worth.

A list's loss is the cross-entropy between a softmax over its candidates and the items that were then had, each as 1 / n
of n (ListNet's top-one probability: Cao et al., ICML 2007).
"""

import numpy as np
from numpy.typing import NDArray

from online.statistics.base import Floats


def listwise_loss(scores: Floats, targets: Floats) -> tuple[float, Floats]:
    """Mean over lists, by sqrt(n), of the cross-entropy of a softmax over the list.

    Args:
        scores: [lists, n], -inf where a list has no candidate.
        targets: [lists, n] 1 for what was had, else 0; at least one 1 in each list.

    Returns:
        The loss, and [lists, n] its derivative by each score.
    """
    had = targets.sum(axis=1)
    weights = np.sqrt(had)
    weights /= weights.sum()
    logs = log_softmax(scores)
    pull = np.exp(logs) - targets / had[:, None]
    return float(_cross_entropies(logs, targets) @ weights), pull * weights[:, None]


def list_losses(scores: Floats, targets: Floats) -> Floats:
    """[lists] the cross-entropy of each; for the arguments see `listwise_loss`."""
    return _cross_entropies(log_softmax(scores), targets)


def _cross_entropies(logs: Floats, targets: Floats) -> Floats:
    losses: Floats = -np.where(targets > 0, logs, 0).sum(axis=1) / targets.sum(axis=1)
    return losses


def log_softmax(scores: Floats) -> Floats:
    """[..., n] logs of a softmax over each n scores."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    logs: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs


def reciprocal_ranks(scores: NDArray[np.float32], had: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[lists] one over the rank of the best of what was had; ties, and what is not a number, count against it.

    Args:
        scores: [lists, n]
        had: [lists, n]
    """
    best = np.where(had, scores, -np.inf).max(axis=1, keepdims=True)
    return np.asarray(1.0 / (~(scores < best)).sum(axis=1))
