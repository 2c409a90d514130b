"""What one step learns: the gradients of a sampled softmax over what was had, or refused, after what."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from online.fusion.examples import Drawn, places_of
from online.fusion.fusions import Parts
from online.fusion.losses import sampled_softmax
from online.fusion.model import Model
from online.fusion.tower import Vectors
from online.statistics.base import Floats, Rows


class Compared(NamedTuple):
    """The candidates of a step: its examples' items first, then some drawn evenly from the catalogue."""

    items: Rows
    """[m] some perhaps twice."""
    rows: Rows
    """[k] each once, in order."""
    places: NDArray[np.intp]
    """[m] where each of the items is among the rows."""
    shares: Floats
    """[m] of all that is had."""
    corrections: Floats
    """[m] what is taken off their scores for how likely they were to be drawn (logQ)."""
    excluded: NDArray[np.bool_]
    """[n, k] which of the rows say nothing beside each example: its user had them before, or they came later."""


class Gradients(NamedTuple):
    """Of a step's loss."""

    weights: Floats
    """[weights]"""
    own: Floats
    """[k, dim] by the own parts of what is compared."""
    own_of_newest: Floats
    """[k, dim] as far as it is that of the newest examples."""


def gradients(
    model: Model, made: Vectors, compared: Compared, drawn: Drawn, looked: Rows, bank: Floats
) -> Gradients:
    """Of the loss of some examples.

    A step makes the vectors of some hundred candidates, not of the thousands of items in histories: those are as they
    were made last (a memory bank: Wu et al., CVPR 2018), and are learned from where they are candidates too. What was
    never made counts as not known.

    Args:
        model: What is learned.
        made: The vectors of `compared.rows`, which the bank has too.
        compared: The candidates.
        drawn: The n examples.
        looked: [n, LOOKED_AT] of their histories.
        bank: [rows, dim] every item's vector as it was made last, zero before.
    """
    past = bank[looked] * (looked >= 0)[:, :, None]  # [n, LOOKED_AT, dim]
    there = np.maximum(past.any(axis=2).sum(axis=1, keepdims=True), 1).astype(np.float32)
    count = (drawn.history >= 0).sum(axis=1, keepdims=True).astype(np.float32)
    scores, back = model.scores(
        past.sum(axis=1) / there, count, made.units[compared.places], np.log(compared.shares)
    )
    _, pull = sampled_softmax(
        scores - compared.corrections,
        drawn.items,
        compared.items,
        compared.excluded[:, compared.places],
        drawn.liked,
    )
    of_history = _counts(looked, compared.rows) / there

    def by_own(pull: Floats) -> tuple[Floats, Parts]:
        by_mean, by_candidates, by_taste = back(pull)
        by_units = of_history.T @ by_mean
        np.add.at(by_units, compared.places, by_candidates)
        return made.by_own(by_units), by_taste

    own, by_taste = by_own(pull)
    weights = model.weights.joined(by_taste, made.by_weights(own))
    pull[drawn.newest :] = 0
    return Gradients(weights, own, by_own(pull)[0])


def _counts(history: Rows, rows: Rows) -> Floats:
    """[n, k] how often each of n histories has each of k rows."""
    places, is_there = places_of(history, rows)
    cells = (np.arange(len(history))[:, None] * len(rows) + places)[is_there]
    return np.bincount(cells, minlength=len(history) * len(rows)).reshape(len(history), -1).astype(np.float32)
