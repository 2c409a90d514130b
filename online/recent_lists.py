"""What the lists published of late are like, whatever is taken of them: coverage, novelty and diversity."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from online.recommender import Recommender

LISTS = 1_024


class ListQuality(NamedTuple):
    """Means over the recent lists; the measures are those of the evaluator."""

    coverage_ratio: float
    """Distinct items in any of the lists, over the items that have a document (Ge et al., 2010)."""
    novelty_bits: float
    """Mean self-information of what is listed: -log2 of (times had + 1) / (all that was had + items)."""
    diversity_ratio: float
    """1 - mean cosine over a list's pairs (Ziegler et al., 2005); an item without a vector is like no other."""


class RecentLists:
    """The ids of the last lists; noting one costs next to nothing, measuring them some milliseconds."""

    def __init__(self, limit: int = LISTS) -> None:
        """Remembers so many lists."""
        self._recent: deque[Sequence[str]] = deque(maxlen=limit)

    def note(self, item_ids: Sequence[str]) -> None:
        """Remembers a list; it may not change any more."""
        self._recent.append(item_ids)

    def quality(self, recommender: Recommender) -> ListQuality | None:
        """What the lists are like, by what is known of their items now; None before any list of an item."""
        lists = [item_ids for item_ids in self._recent if item_ids]
        if not lists:
            return None
        rows = np.full((len(lists), max(map(len, lists))), -1, np.int64)  # [lists, longest]
        known = recommender.catalogue.rows
        for number, item_ids in enumerate(lists):
            rows[number, : len(item_ids)] = [known.get(item_id, -1) for item_id in item_ids]
        listed = rows[rows >= 0]
        counts = recommender.statistics.all_time.arrays.counts
        shares = (counts[listed] + 1) / (counts.sum() + max(len(known), 1))
        return ListQuality(
            len(np.unique(listed)) / max(recommender.catalogue.document_count, 1),
            float(-np.log2(shares).mean()) if len(listed) else 0.0,
            _diversity(
                recommender.statistics.content.vectors.units[rows] * (rows >= 0)[:, :, None],
                (rows >= 0).sum(axis=1),
            ),
        )


def _diversity(vectors: np.ndarray, lengths: np.ndarray) -> float:
    """[lists, longest, dim] of unit length or zero, and [lists]; the sum over pairs is (|sum|^2 - sum of |v|^2) / 2."""
    vectors, lengths = vectors[lengths > 1], lengths[lengths > 1]
    if not len(lengths):
        return 0.0
    doubled = (vectors.sum(axis=1) ** 2).sum(axis=1) - (vectors**2).sum(axis=(1, 2))
    return float(1 - (doubled / (lengths * (lengths - 1))).mean())
