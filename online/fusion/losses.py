"""What the tower learns by."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from online.catalogue import Rows

SHARPNESS = 10.0
"""One over the temperature of the softmax over items that parts of one item are found among."""


def sampled_softmax(
    scores: Tensor, items: Rows, candidates: Rows, had: NDArray[np.bool_], liked: NDArray[np.bool_]
) -> Tensor:
    """Mean of -log p of what was had, and of -log(1 - p) of what was refused.

    Args:
        scores: [n, m] logits of each candidate for each example, the first n candidates being the examples' items.
        items: [n] what was had or refused.
        candidates: [m] rows; another example's equal item is no negative.
        had: [n, m] which candidates the user had before; they are no negatives.
        liked: [n] False where it was refused.
    """
    own = np.arange(len(items))
    excluded = had | (candidates[None, :] == items[:, None])
    excluded[own, own] = False
    logs = scores.masked_fill(torch.from_numpy(excluded), -torch.inf).log_softmax(dim=1).diagonal()
    refused = -torch.log1p(-logs.exp().clamp_max(0.999))
    return torch.where(torch.from_numpy(liked), -logs, refused).mean()


def aligned(first: Tensor, second: Tensor) -> Tensor:
    """InfoNCE, both ways, between two parts of the same items: [n, dim] each, of unit length (Oord et al., 2018)."""
    scores = first @ second.T * SHARPNESS
    own = torch.arange(len(first))
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(scores, own) + cross_entropy(scores.T, own)) / 2
