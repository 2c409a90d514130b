"""From ranks to figures: overall and by slice."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from online.evaluation.lists import coverage, diversity
from online.evaluation.measures import Judged
from online.evaluation.reliability import reliability
from online.evaluation.replay import COLD_BELOW, Outcome
from online.evaluation.stream import IntArray, LongArray
from online.evaluation.timeline import Timeline

Figures = dict[str, float]
Report = dict[str, Figures]
"""The figures of one method by slice: overall, cold_items, new_users, history_5-19, basket_1, window_00…"""

HISTORY_FROM = {"0": 0, "1-4": 1, "5-19": 5, "20-99": 20, "100+": 100}
"""Items in the user's history before the set."""
WINDOWS = 20
"""Parts of the scored stream, each with as many lists, which show how a method learns; fewer of few lists."""
WINDOW = "window_"
BASKET_FROM = {"1": 1, "2-4": 2, "5-9": 5, "10-19": 10, "20+": 20}
"""Distinct items of the set, targets or not."""


def report(
    timeline: Timeline,
    outcome: Outcome,
    item_count: int,
    similarity: NDArray[np.float32] | None,
    modality: list[str],
) -> Report:
    """All figures of one method.

    `cold_items` looks for cold targets (fewer than 5 earlier events) in the whole list, its `among_cold_*` in a list
    of cold items only. `new_users` are users with fewer than 5 items in their history.

    Args:
        timeline: What was replayed.
        outcome: What the lists were worth.
        item_count: Items there are.
        similarity: [items, dim], unit vectors or zero, for diversity; None leaves it out.
        modality: Of each item, the media it has; empty leaves the slices out.
    """
    targets = np.flatnonzero(timeline.is_target)
    sets = timeline.set_of[targets]
    history, basket = _history_sizes(timeline)[sets], _basket_sizes(timeline)[sets]

    def figures(chosen: NDArray[np.bool_], ranks: IntArray = outcome.ranks) -> Figures:
        return Judged.grouped(ranks[targets[chosen]], sets[chosen]).figures()

    is_cold = timeline.earlier_count[targets] < COLD_BELOW
    among = {f"among_cold_{name}": value for name, value in figures(is_cold, outcome.cold_ranks).items()}
    slices: Report = {
        "overall": figures(np.ones(len(targets), np.bool_))
        | _list_figures(timeline, outcome, item_count, similarity),
        "cold_items": figures(is_cold)
        | {name: among[name] for name in among if "@" in name or "mrr" in name},
        "new_users": figures(history < COLD_BELOW),
        **_by_size("history", history, HISTORY_FROM, figures),
        **_by_size("basket", basket, BASKET_FROM, figures),
    }
    if modality:
        of_target = np.array(modality)[timeline.items[targets]]
        slices |= {f"modality_{name}": figures(of_target == name) for name in np.unique(of_target)}
    return slices | _by_window(timeline, sets, figures)


def _by_window(
    timeline: Timeline, sets: LongArray, figures: Callable[[NDArray[np.bool_]], Figures]
) -> Report:
    """The figures of each window, with the number of events replayed at its end."""
    tested, place = np.unique(sets, return_inverse=True)
    count = min(WINDOWS, len(tested))
    window = place * count // max(len(tested), 1)
    ends = [int(tested[(number + 1) * len(tested) // count - 1]) + 1 for number in range(count)]
    return {
        f"{WINDOW}{number:02d}": figures(window == number)
        | {"events_through": float(timeline.set_start[end])}
        for number, end in enumerate(ends)
    }


def _history_sizes(timeline: Timeline) -> LongArray:
    histories = timeline.histories
    owner = timeline.users[timeline.set_start[:-1]]
    return histories.end_before - histories.user_start[owner]


def _basket_sizes(timeline: Timeline) -> LongArray:
    return np.add.reduceat(timeline.is_distinct.astype(np.int64), timeline.set_start[:-1])


def _by_size(
    kind: str, sizes: LongArray, starts: dict[str, int], figures: Callable[[NDArray[np.bool_]], Figures]
) -> Report:
    bins = np.searchsorted(list(starts.values()), sizes, side="right") - 1
    return {
        f"{kind}_{name}": figures(bins == number)
        for number, name in enumerate(starts)
        if (bins == number).any()
    }


def _list_figures(
    timeline: Timeline, outcome: Outcome, item_count: int, similarity: NDArray[np.float32] | None
) -> Figures:
    tested = np.unique(timeline.set_of[timeline.is_target])
    heads = outcome.heads[tested]
    figures = {
        "coverage@10": coverage(heads, item_count),
        "novelty@10": float(outcome.novelty[tested].mean()) if len(tested) else 0.0,
        "events_per_s": len(timeline.users) / max(outcome.seconds, 1e-9),
    }
    figures |= reliability(timeline, outcome, tested)
    if similarity is not None:
        figures["diversity@10"] = diversity(heads, similarity)
    return figures
