"""How a taste changes over time, as weights of two tastes that every user has."""

import math

from streams.generated.recipe import Drift

RECURRING_PHASES = 6
"""Phases of a recurring drift: the first taste, the second, the first again, and so on."""


def taste_weights(drift: Drift, progress: float) -> tuple[float, float]:
    """The weights of the first and the second taste; their squares sum to 1, so tastes stay as strong as they were.

    Args:
        drift: The kind of change.
        progress: How much of the stream has passed, 0 to 1.
    """
    if drift == "gradual":
        angle = min(max(progress, 0.0), 1.0) * math.pi / 2
        return math.cos(angle), math.sin(angle)
    if drift == "abrupt":
        second = progress >= 0.5
    else:
        second = drift == "recurring" and int(progress * RECURRING_PHASES) % 2 == 1
    return (0.0, 1.0) if second else (1.0, 0.0)
