"""How far the chances that a method gives are from what then happens."""

import numpy as np
from numpy.typing import NDArray

from online.evaluation.judge import MISSED
from online.evaluation.replay import HEAD_LENGTH, Outcome
from online.evaluation.stream import BoolArray, LongArray
from online.evaluation.timeline import Timeline

BINS = 10
"""Of as many chances each."""


def reliability(timeline: Timeline, outcome: Outcome, tested: LongArray) -> dict[str, float]:
    """The mean chance of the items of lists' heads, the share that was had, and how far apart the two are by BINS.

    That is the expected calibration error (Naeini et al., AAAI 2015, with bins of equal mass: Nguyen and O'Connor,
    EMNLP 2015). The same of the scores that the chances were made from, for comparison. Nothing of a method that
    gives no chances.

    Args:
        timeline: What was replayed.
        outcome: What the lists were worth.
        tested: The sets whose lists were scored.
    """
    had = _had(timeline, outcome)[tested]
    chances, scores = outcome.chances[tested], outcome.scores[tested]
    given = np.isfinite(chances)
    if not given.any():
        return {}
    return {
        "chance@10": float(chances[given].mean()),
        "had@10": float(had[given].mean()),
        "ece@10": calibration_error(chances[given], had[given]),
        "ece_of_scores@10": calibration_error(scores[given], had[given]),
    }


def calibration_error(chances: NDArray[np.float64], had: BoolArray) -> float:
    """Mean distance of the mean chance and the share that was had, over BINS of the chances in order."""
    order = np.argsort(chances, kind="stable")
    bins = zip(np.array_split(chances[order], BINS), np.array_split(had[order], BINS), strict=True)
    return float(sum(abs(p.sum() - y.sum()) for p, y in bins) / len(chances))


def _had(timeline: Timeline, outcome: Outcome) -> BoolArray:
    """[sets, HEAD_LENGTH] which items of the heads were targets."""
    had = np.zeros(outcome.heads.shape, np.bool_)
    hits = np.flatnonzero(timeline.is_target & (outcome.ranks != MISSED) & (outcome.ranks <= HEAD_LENGTH))
    had[timeline.set_of[hits], outcome.ranks[hits] - 1] = True
    return had
