"""At which rank a list has each thing that the user then took."""

import numpy as np

from online.evaluation.jit import compiled
from online.evaluation.methods import Ranked
from online.evaluation.stream import BoolArray, FloatArray, IntArray

MISSED = 0
"""The rank of what the list did not have."""


class Judge:
    """Ranks targets in lists; keeps a mask over the items so that each list costs only its length."""

    def __init__(self, item_count: int) -> None:
        self._is_target: BoolArray = np.zeros(item_count, dtype=np.bool_)
        self._rank: IntArray = np.zeros(item_count, dtype=np.int32)

    def ranks(self, ranked: Ranked, targets: IntArray) -> IntArray:
        """The rank of each target, 1 for the first; MISSED where the list does not have it.

        Within a run of equal scores the targets come last: ties count against the method.
        """
        self._is_target[targets] = True
        _note_ranks(ranked.items, ranked.scores, self._is_target, self._rank)
        found = self._rank[targets]
        self._is_target[targets] = False
        self._rank[targets] = MISSED
        return found


@compiled
def _note_ranks(items: IntArray, scores: FloatArray, is_target: BoolArray, rank: IntArray) -> None:
    start = 0
    while start < len(items):
        end = start + 1
        target_count = int(is_target[items[start]])
        while end < len(items) and scores[end] == scores[start]:
            target_count += is_target[items[end]]
            end += 1
        next_rank = end - target_count + 1
        for place in range(start, end):
            if is_target[items[place]]:
                rank[items[place]] = next_rank
                next_rank += 1
        start = end
