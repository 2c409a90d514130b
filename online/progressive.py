"""Progressive validation in production: the list that stood is scored against what the user did next.

The same measure as the evaluator's HR@10, taken by the learner on the stream itself (Gama et al., 2013,
"On evaluating stream learning algorithms").
"""

from collections import deque
from collections.abc import Collection, Sequence
from math import log2
from typing import Literal, NamedTuple

from online.arms import ArmHits, Arms
from online.events import POSITIVE_ACTIONS, ExampleSet
from online.recommender import Recommender

WINDOW_SETS = 2_000
NEW_USER_BELOW = 5
"""A user with a history of fewer entries is new."""
Slice = Literal["all", "new_users", "cold_items"]
SLICES: tuple[Slice, ...] = ("all", "new_users", "cold_items")
"""Of sets: all, those of new users, and those in which only items were had that few had before."""


class Quality(NamedTuple):
    """Of lists, over recent sets."""

    hit_ratio: float
    """Share of the sets that a list hit."""
    ndcg: float
    """Mean NDCG, binary, against the best list of that length."""


class Judged(NamedTuple):
    """The lists that stood, and those of the most popular items at that moment."""

    standing: Quality
    popularity: Quality


class ProgressiveHits:
    """Share of recent sets that a list hit, for the list that stood and for plain popularity."""

    def __init__(self, arms: Arms | None = None, window_sets: int = WINDOW_SETS) -> None:
        self._recent: dict[Slice, deque[tuple[float, float]]] = {
            name: deque(maxlen=window_sets) for name in SLICES
        }
        """The NDCG of both lists; a list without a hit has 0, and only that."""
        self.count = 0
        """Sets scored so far."""
        self.by_arm = ArmHits(arms or Arms({}))

    def score(self, example_set: ExampleSet, recommender: Recommender) -> None:
        """Scores one set, before it is learned. A user's first set is not scored: no list stood."""
        if not example_set.standing:
            return
        wanted = {e.item_id for e in example_set.examples if e.action in POSITIVE_ACTIONS}
        if not wanted:
            return
        popular = recommender.most_popular(len(example_set.standing))
        found = (_ndcg(example_set.standing, wanted), _ndcg(popular, wanted))
        self._recent["all"].append(found)
        if len(example_set.history) < NEW_USER_BELOW:
            self._recent["new_users"].append(found)
        if all(recommender.is_cold(item_id) for item_id in wanted):
            self._recent["cold_items"].append(found)
        self.by_arm.score(example_set.user_id, is_hit=found[0] > 0)
        self.count += 1

    def ratios(self) -> tuple[float, float] | None:
        """Hit ratios of the standing list and of popularity over the window; None before any set."""
        judged = self.judged("all")
        return None if judged is None else (judged.standing.hit_ratio, judged.popularity.hit_ratio)

    def judged(self, of: Slice) -> Judged | None:
        """How good lists were in a slice of the window; None before any set of it."""
        recent = self._recent[of]
        if not recent:
            return None
        standing, popularity = (_quality(values) for values in zip(*recent, strict=True))
        return Judged(standing, popularity)


def _ndcg(listed: Sequence[str], wanted: Collection[str]) -> float:
    gain = sum(1 / log2(place + 2) for place, item_id in enumerate(listed) if item_id in wanted)
    return gain / sum(1 / log2(place + 2) for place in range(min(len(listed), len(wanted)))) if gain else 0.0


def _quality(ndcgs: Sequence[float]) -> Quality:
    return Quality(sum(ndcg > 0 for ndcg in ndcgs) / len(ndcgs), sum(ndcgs) / len(ndcgs))
