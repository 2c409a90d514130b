"""How soon good new items are found: the bandit of `online.ranking.explore` beside chance and greed, on known truth."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from online.evaluation.replay import COLD_BELOW
from online.ranking.explore import explored
from online.statistics.base import NO_ROWS, Observation
from online.statistics.exposures import Exposures, Shown

Policy = Literal["thompson", "greedy", "random"]
GOOD_SHARE = 0.1
"""The best tenth of new items, by the chance that anybody shown one takes it, is what is looked for."""
NO_FLOATS: NDArray[np.float32] = np.zeros(0, np.float32)
_Choice: TypeAlias = Callable[[Shown, int], int]


@dataclass(frozen=True)
class Found:
    """What one run came to."""

    good_found: float
    """The share of the good items that are no longer cold: taken often enough for all other statistics to know them."""
    taken: int
    """How often what was shown was taken."""


def explore(chances: NDArray[np.float64], exposures: int, policy: Policy, seed: int) -> Found:
    """Shows one new item at a time to users drawn by lot.

    Args:
        chances: [users, items] the chance that a user takes an item that is shown.
        exposures: How often anything is shown.
        policy: What chooses: the bandit, the highest mean so far, or the lot.
        seed: Draws users, takes and choices.
    """
    users, items = chances.shape
    rng = np.random.default_rng([seed, exposures])
    known, rows = Exposures(items), np.arange(items, dtype=np.int32)
    choose = _choices(rng)[policy]
    taken = np.zeros(items, np.int64)
    for step in range(exposures):
        item = choose(known.chances(rows), seed * exposures + step)
        is_taken = rng.random() < chances[rng.integers(users), item]
        taken[item] += is_taken
        known.fold(_shown(item, is_taken=is_taken))
    good = np.argsort(-chances.mean(axis=0), kind="stable")[: max(1, round(GOOD_SHARE * items))]
    return Found(float((taken[good] >= COLD_BELOW).mean()), int(taken.sum()))


def _choices(rng: np.random.Generator) -> dict[Policy, _Choice]:
    def thompson(shown: Shown, seed: int) -> int:
        return int(explored(shown, np.ones(len(shown.means), np.float32), 1, seed).places[0])

    def greedy(shown: Shown, _: int) -> int:
        return int(rng.choice(np.flatnonzero(shown.means == shown.means.max())))

    def by_lot(shown: Shown, _: int) -> int:
        return int(rng.integers(len(shown.means)))

    return {"thompson": thompson, "greedy": greedy, "random": by_lot}


def _shown(item: int, *, is_taken: bool) -> Observation:
    rows = np.array([item], np.int32)
    return Observation(
        rows=rows if is_taken else NO_ROWS,
        weights=NO_FLOATS,
        is_repeat=np.zeros(0, np.bool_),
        gap_s=NO_FLOATS,
        ratings=NO_FLOATS,
        history=NO_ROWS,
        history_s=np.zeros(0, np.int64),
        timestamp_s=0.0,
        listed=rows,
    )
