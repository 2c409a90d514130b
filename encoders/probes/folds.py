"""A linear classifier over official folds: what of a class can be read off vectors without bending them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from encoders.probes.errors import ProbeError

C = 1.0
"""Inverse strength of the L2 penalty; fixed, for a value chosen on the same folds would flatter."""
ITERATION_LIMIT = 2_000


def fold_accuracies(
    vectors: NDArray[np.float32], classes: Sequence[str], folds: Sequence[str]
) -> dict[str, float]:
    """Accuracy on each fold of a logistic regression that learned on all others.

    Each dimension is standardised with the mean and deviation of the learned folds alone.

    Args:
        vectors: [n, dim].
        classes: [n].
        folds: [n], which fold an entry belongs to.

    Raises:
        ProbeError: There are fewer than two folds, or but one class to learn from.
    """
    names = sorted(set(folds))
    if len(names) < 2:
        message = f"expected at least two folds, got {names}"
        raise ProbeError(message)
    truth, belongs = np.array(classes), np.array(folds)
    return {name: _accuracy(vectors, truth, belongs == name) for name in names}


def _accuracy(vectors: NDArray[np.float32], truth: NDArray[np.str_], held_out: NDArray[np.bool_]) -> float:
    if len(set(truth[~held_out].tolist())) < 2:
        message = "expected at least two classes outside each fold; there is nothing to tell apart"
        raise ProbeError(message)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=ITERATION_LIMIT))
    model.fit(vectors[~held_out], truth[~held_out])
    return float(model.score(vectors[held_out], truth[held_out]))
