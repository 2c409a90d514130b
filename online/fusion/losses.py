"""What the fusion learns by, each with its derivative."""

import numpy as np
from numpy.typing import NDArray

from online.learning.losses import log_softmax
from online.statistics.base import Floats, Rows

SHARPNESS = 10.0
"""One over the temperature of the softmax over items that parts of one item are found among."""
MOST_LIKELY = 0.999
"""What is refused counts as no likelier than this."""


def sampled_softmax(
    scores: Floats, items: Rows, candidates: Rows, had: NDArray[np.bool_], liked: NDArray[np.bool_]
) -> tuple[float, Floats]:
    """Mean of -log p of what was had, and of -log(1 - p) of what was refused.

    Args:
        scores: [n, m] logits of each candidate for each example, the first n candidates being the examples' items.
        items: [n] what was had or refused.
        candidates: [m] rows; another example's equal item is no negative.
        had: [n, m] which candidates the user had before; they are no negatives.
        liked: [n] False where it was refused.

    Returns:
        The loss, and [n, m] its derivative by each score.
    """
    own = np.arange(len(items))
    excluded = had | (candidates[None, :] == items[:, None])
    excluded[own, own] = False
    logs = log_softmax(np.where(excluded, -np.inf, scores))
    likely = np.minimum(np.exp(logs[own, own]), MOST_LIKELY)
    losses = np.where(liked, -logs[own, own], -np.log1p(-likely))
    pull = np.exp(logs)
    pull[own, own] -= 1
    # Refused: the derivative of -log(1 - p) is that of -log p by -p / (1 - p); none where p counts as less than it is.
    pull *= np.where(liked, 1, np.where(likely < MOST_LIKELY, -likely / (1 - likely), 0))[:, None] / len(own)
    return float(losses.mean()), pull


def aligned(first: Floats, second: Floats) -> tuple[float, Floats, Floats]:
    """InfoNCE, both ways, between two parts of the same items (Oord et al., 2018).

    Args:
        first: [n, dim] of unit length.
        second: [n, dim] of unit length.

    Returns:
        The loss, and its derivatives by both.
    """
    scores = first @ second.T * SHARPNESS
    across, down = log_softmax(scores), log_softmax(scores.T).T
    own = np.eye(len(first), dtype=np.float32)
    pull: Floats = (np.exp(across) + np.exp(down) - 2 * own) * (SHARPNESS / 2 / len(first))
    loss = -float(np.diagonal(across).mean() + np.diagonal(down).mean()) / 2
    return loss, pull @ second, pull.T @ first
