"""Progressive validation in production: the list that stood is scored against what the user did next.

The same measure as the evaluator's HR@10, taken by the learner on the stream itself (Gama et al., 2013,
"On evaluating stream learning algorithms").
"""

from collections import deque

from online.arms import ArmHits, Arms
from online.events import POSITIVE_ACTIONS, ExampleSet
from online.recommender import Recommender

WINDOW_SETS = 2_000


class ProgressiveHits:
    """Share of recent sets that a list hit, for the list that stood and for plain popularity."""

    def __init__(self, arms: Arms | None = None, window_sets: int = WINDOW_SETS) -> None:
        self._recent: deque[tuple[bool, bool]] = deque(maxlen=window_sets)
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
        is_hit = not wanted.isdisjoint(example_set.standing)
        self._recent.append((is_hit, not wanted.isdisjoint(popular)))
        self.by_arm.score(example_set.user_id, is_hit=is_hit)
        self.count += 1

    def ratios(self) -> tuple[float, float] | None:
        """Hit ratios of the standing list and of popularity over the window; None before any set."""
        if not self._recent:
            return None
        standing, popularity = zip(*self._recent, strict=True)
        return sum(standing) / len(standing), sum(popularity) / len(popularity)
