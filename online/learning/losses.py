"""What a list costs that is ranked by scores, and what it is worth.

A list's loss is the cross-entropy between a softmax over its candidates and the items that were then had, each as 1 / n
of n (ListNet's top-one probability: Cao et al., ICML 2007).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def listwise_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Mean over lists, by sqrt(n), of the cross-entropy of a softmax over the list.

    Args:
        scores: [lists, n], -inf where a list has no candidate.
        targets: [lists, n] 1 for what was had, else 0; at least one 1 in each list.
    """
    weights = targets.sum(dim=1).sqrt()
    return (list_losses(scores, targets) * weights).sum() / weights.sum()


def list_losses(scores: Tensor, targets: Tensor) -> Tensor:
    """[lists] the cross-entropy of each; for the arguments see `listwise_loss`."""
    logs = torch.log_softmax(scores, dim=1).masked_fill(targets == 0, 0.0)
    return -logs.sum(dim=1) / targets.sum(dim=1)


def reciprocal_ranks(scores: NDArray[np.float32], had: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[lists] one over the rank of the best of what was had; ties, and what is not a number, count against it.

    Args:
        scores: [lists, n]
        had: [lists, n]
    """
    best = np.where(had, scores, -np.inf).max(axis=1, keepdims=True)
    return np.asarray(1.0 / (~(scores < best)).sum(axis=1))
