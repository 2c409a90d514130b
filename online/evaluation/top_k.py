"""The best k of many scores in one pass."""

from collections.abc import Callable

import numpy as np

from online.evaluation.jit import compiled
from online.evaluation.methods import Ranked
from online.evaluation.stream import BoolArray, FloatArray, IntArray


@compiled
def _sift_down(scores: FloatArray, items: IntArray, size: int) -> None:
    parent = 0
    while True:
        child = 2 * parent + 1
        if child >= size:
            return
        if child + 1 < size and scores[child + 1] < scores[child]:
            child += 1
        if scores[parent] <= scores[child]:
            return
        scores[parent], scores[child] = scores[child], scores[parent]
        items[parent], items[child] = items[child], items[parent]
        parent = child


@compiled
def _sift_up(scores: FloatArray, items: IntArray, child: int) -> None:
    while child > 0:
        parent = (child - 1) // 2
        if scores[parent] <= scores[child]:
            return
        scores[parent], scores[child] = scores[child], scores[parent]
        items[parent], items[child] = items[child], items[parent]
        child = parent


@compiled
def _best(scores: FloatArray, hidden: BoolArray, k: int) -> tuple[IntArray, FloatArray]:
    heap, found = np.empty(k + 1), np.empty(k + 1, dtype=np.int32)
    size = 0
    for item, score in enumerate(scores):
        if score <= 0.0 or hidden[item]:
            continue
        if size <= k:
            heap[size], found[size] = score, item
            size += 1
            _sift_up(heap, found, size - 1)
        elif score > heap[0]:
            heap[0], found[0] = score, item
            _sift_down(heap, found, size)
    order = np.argsort(-heap[:size])
    heap, found = heap[:size][order], found[:size][order]
    if size > k:
        size = int(np.searchsorted(-heap, -heap[k]))
    return found[:size], heap[:size]


def top_k(scores: FloatArray, hidden: BoolArray, k: int) -> Ranked:
    """The k items with the highest positive scores, in falling order.

    A group of equal scores that reaches beyond place k is left out whole: ties count against the method, also
    those with items that the list has no room for.

    Args:
        scores: [items].
        hidden: [items], which are left out.
        k: At least 1.
    """
    return Ranked(*_best(scores, hidden, k))


def top_k_known(scores: FloatArray, known: BoolArray, hidden: BoolArray, k: int) -> Ranked:
    """`top_k` among known items, for scores of any sign: they come out raised by a constant.

    Args:
        scores: [items], finite.
        known: [items], those that somebody took.
        hidden: [items], which are left out too.
        k: At least 1.
    """
    return top_k(scores - scores.min() + 1.0, hidden | ~known, k)


def filled(first: Ranked, fill: Callable[[int], Ranked], k: int) -> Ranked:
    """The first list and then, up to k, what only the fill's first k have; their scores are moved below."""
    if len(first.items) >= k:
        return first
    second = fill(k)
    keep = ~np.isin(second.items, first.items)
    items = np.concatenate((first.items, second.items[keep]))[:k]
    ceiling = second.scores[0] if len(second.scores) else 0.0
    return Ranked(items, np.concatenate((first.scores, second.scores[keep] - ceiling))[:k])
