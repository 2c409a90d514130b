"""What a list says of each of its items: the score, where it came from, and why."""

from typing import Literal

import msgspec
import numpy as np

from online.events import Past
from online.ranking.blend import FROM_CONTENT, FROM_GRAPH, FROM_REPEAT, SOURCES
from online.ranking.evidence import BECAUSE, BECAUSE_PART, FREQUENCY, GRAPH
from online.statistics.base import Floats, Query
from online.statistics.content import Vectors


class Reason(msgspec.Struct, frozen=True):
    """One thing that speaks for an item."""

    kind: Literal["because_of_item", "modality"]
    item_id: str | None
    """The item of the user's history that contributed most; the item itself where the user had it before."""
    modality: str | None
    weight: float
    """Its share of the score, from 0 to 1."""


class RankedItem(msgspec.Struct, frozen=True):
    """One item of a list."""

    item_id: str
    score: float
    """The blend's estimate that the user has it next; 0 for an item that only fills the list up."""
    source: str
    """What contributed most: one of `online.ranking.blend.SOURCES`."""
    reasons: list[Reason]


def explain(
    item_id: str, parts: list[float], evidence: list[float], history: list[Past], content: tuple[int, float]
) -> RankedItem:
    """A list's item from the parts of its score.

    Args:
        item_id: The item.
        parts: [len(SOURCES)] what each source adds to the score.
        evidence: [COLUMNS] see `online.ranking.evidence`.
        history: The most recent first.
        content: The place in the history that is most alike, -1 if none, and its share of the likeness.
    """
    score = sum(parts)
    best = max(range(len(parts)), key=parts.__getitem__)
    because: str | None = None
    weight = 0.0
    if best == FROM_REPEAT:
        because, weight = item_id, parts[best]
    elif best == FROM_CONTENT and content[0] >= 0:
        because, weight = history[content[0]].item_id, parts[best] * content[1]
    elif evidence[BECAUSE] >= 0 and evidence[GRAPH] > 0:
        because, weight = (
            history[int(evidence[BECAUSE])].item_id,
            parts[FROM_GRAPH] * evidence[BECAUSE_PART] / evidence[GRAPH],
        )
    if score <= 0:
        return RankedItem(item_id, 0.0, "repeat" if evidence[FREQUENCY] > 0 else "trending", [])
    share = weight / score
    reasons = [Reason("because_of_item", because, None, share)] if because is not None else []
    return RankedItem(item_id, score, SOURCES[best], reasons)


def most_alike(vectors: Vectors, query: Query, lag_weights: Floats, row: int) -> tuple[int, float]:
    """Which place in the history is most like a row, and its share of all that is alike; -1 if nothing is."""
    history = query.history[: len(lag_weights)]
    near = np.maximum(vectors.units[history] @ vectors.units[row], 0) * lag_weights * (history >= 0)
    total = float(near.sum())
    return (int(near.argmax()), float(near.max()) / total) if total > 0 else (-1, 0.0)
