"""What a list says of each of its items: the score, where it came from, and why."""

from collections.abc import Mapping
from typing import Literal

import msgspec
import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.events import Past
from online.ranking.blend import FROM_CONTENT, FROM_GRAPH, FROM_REPEAT, SOURCES
from online.ranking.evidence import BECAUSE, FREQUENCY, GRAPH, GRAPH_MOST
from online.statistics.base import Floats, Queries, Rows, query_of
from online.statistics.lags import LagDecay, lag_weights

TOLD = [FREQUENCY, BECAUSE, GRAPH, GRAPH_MOST]
"""Columns of evidence that reasons are found in."""
EXPLORE = "explore"
"""The source of an item that is in the list to find out how good it is."""


class Reason(msgspec.Struct, frozen=True):
    """One thing that speaks for an item."""

    kind: Literal["because_of_item", "modality", "rule"]
    item_id: str | None
    """The item of the user's history that contributed most; the item itself where the user had it before."""
    modality: str | None
    """By which of its media, where that is known."""
    weight: float
    """Its share of the score, from 0 to 1."""
    rule: str | None = None
    """The name of the rule that gave the item its place."""


class RankedItem(msgspec.Struct, frozen=True):
    """One item of a list."""

    item_id: str
    score: float
    """The estimate that the user has it next; 0 for an item that only fills the list up."""
    source: str
    """What contributed most: one of `online.ranking.blend.SOURCES`, EXPLORE, or a rule."""
    reasons: list[Reason]
    propensity: float | None = None
    """The chance with which an item to be explored got its place; None for what is in the list for its score."""


def explain(
    item_id: str,
    score: float,
    shares: list[float],
    told: list[float],
    history: list[Past],
    content: tuple[int, float],
    modalities: Mapping[str, float],
) -> RankedItem:
    """A list's item.

    Args:
        item_id: The item.
        score: See RankedItem.
        shares: [len(SOURCES)] what share of the score is owed to each source; all 0 if nothing speaks for it.
        told: [len(TOLD)] the evidence of these columns.
        history: The most recent first.
        content: The place in the history that is most alike, -1 if none, and its share of the likeness.
        modalities: How that likeness is shared among modalities, as far as they are known one by one.
    """
    frequency, because_of, graph, graph_most = told
    best = max(range(len(shares)), key=shares.__getitem__)
    if shares[best] <= 0:
        return RankedItem(item_id, score, "repeat" if frequency > 0 else "trending", [])
    because: str | None = None
    weight = shares[best]
    if best == FROM_REPEAT:
        because = item_id
    elif best == FROM_CONTENT and content[0] >= 0:
        because, weight = history[content[0]].item_id, weight * content[1]
        if modalities:
            parts = [Reason("because_of_item", because, name, weight * m) for name, m in modalities.items()]
            return RankedItem(item_id, score, SOURCES[best], parts)
    elif because_of >= 0 and graph > 0:
        because = history[int(because_of)].item_id
        weight = shares[FROM_GRAPH] * graph_most / graph
    reasons = [Reason("because_of_item", because, None, weight)] if because is not None and weight > 0 else []
    return RankedItem(item_id, score, SOURCES[best], reasons)


@njit(cache=True, fastmath=True)
def most_alike(
    units: Floats, queries: Queries, lag: LagDecay, rows: Rows, lists: NDArray[np.int32]
) -> tuple[NDArray[np.int64], Floats]:
    """Which place in a user's history is most like each row, [n], -1 if none is; its share of all that is alike, [n].

    Args:
        units: [capacity, dim] of unit length, or zero for a row without a vector.
        queries: The users.
        lag: What entries of a history weigh.
        rows: [n]
        lists: [n] which user's list each row is in, the first user's first.
    """
    places, shares = np.full(len(rows), -1, np.int64), np.zeros(len(rows), np.float32)
    user = -1
    for i in range(len(rows)):
        if lists[i] != user:
            user = lists[i]
            query = query_of(queries, user)
            history, weights = query.history, lag_weights(query.history_s, lag)
        most, total = np.float32(0), np.float32(0)
        for place in range(len(weights)):
            if history[place] < 0:
                continue
            cosine = np.float32(0)
            for d in range(units.shape[1]):
                cosine += units[history[place], d] * units[rows[i], d]
            near = max(cosine, np.float32(0)) * weights[place]
            total += near
            if near > most:
                most, places[i] = near, place
        if total > 0:
            shares[i] = most / total
    return places, shares
