"""Progressive validation in production: the list that stood is scored against what the user did next.

The same measures as the evaluator's HR@10 and NDCG@10, taken by the learner on the stream itself (Gama et al., 2013,
"On evaluating stream learning algorithms"), over all sets and by slice.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import log2
from typing import NamedTuple

from online.arms import ArmHits, Arms
from online.events import POSITIVE_ACTIONS, ExampleSet
from online.recommender import Recommender
from online.statistics.content import COLD_BELOW

WINDOW_SETS = 2_000
PLACES = 10
"""Of a list, as far as it is scored."""
POPULAR_SETS = 16
"""Sets scored between two looks at what is most popular."""
ALL = "all"
LISTS = ("standing", "popularity")
GAINS = tuple(1 / log2(place + 2) for place in range(PLACES))
IDEAL = tuple(accumulate(GAINS))


class Worth(NamedTuple):
    """What lists were worth, over the recent sets of a slice."""

    hit_ratio: float
    """Share of the sets of which the list held something."""
    ndcg: float
    """Mean normalised discounted cumulative gain, see `online.evaluation.measures`."""
    sets: int


class ProgressiveHits:
    """How well the list that stood did, and plain popularity, over all recent sets and by slice.

    `new_users` had fewer than five entries of history. `cold_items` looks for items with fewer than five events only,
    `media_text+image` for items that have just these media. `basket_2-4` are sets of so many items.
    """

    def __init__(
        self,
        arms: Arms | None = None,
        window_sets: int = WINDOW_SETS,
        media_of: Callable[[str], str] | None = None,
    ) -> None:
        """Nothing scored yet; `media_of` gives the name of what media an item has, without it no slice is by media."""
        self._recent: defaultdict[str, _Window] = defaultdict(lambda: _Window(window_sets))
        """By slice."""
        self._media_of = media_of
        self._popular: dict[str, float] = {}
        """The most popular items, and what the place of each is worth."""
        self._popular_age = 0
        self.count = 0
        """Sets scored so far."""
        self.by_arm = ArmHits(arms or Arms({}))

    def score(self, example_set: ExampleSet, recommender: Recommender) -> None:
        """Scores one set, before it is learned. A user's first set is not scored: no list stood."""
        if not example_set.standing:
            return
        wanted = list(dict.fromkeys(e.item_id for e in example_set.examples if e.action in POSITIVE_ACTIONS))
        if not wanted:
            return
        if self._popular_age == 0:
            self._popular = _gains(recommender.most_popular(PLACES))
        self._popular_age = (self._popular_age + 1) % POPULAR_SETS
        standing, popular = _gains(example_set.standing), self._popular
        if len(standing) < len(popular):
            popular = _gains(list(popular)[: len(standing)])
        for names, targets in self._slices(example_set, wanted, recommender):
            worth = (*_worth(targets, standing), *_worth(targets, popular))
            for part in names:
                self._recent[part].append(worth)
        self.by_arm.score(example_set.user_id, is_hit=not standing.keys().isdisjoint(wanted))
        self.count += 1

    def _slices(
        self, example_set: ExampleSet, wanted: Sequence[str], recommender: Recommender
    ) -> list[tuple[list[str], Sequence[str]]]:
        """The slices that a set is in, and what of it each looks for; slices that look for the same are together."""
        whole = [ALL, _basket(len(wanted))]
        if len(example_set.history) < COLD_BELOW:
            whole.append("new_users")
        parts: dict[str, list[str]] = {}
        for item_id in wanted:
            if recommender.is_cold(item_id):
                parts.setdefault("cold_items", []).append(item_id)
            if self._media_of is not None:
                parts.setdefault(f"media_{self._media_of(item_id)}", []).append(item_id)
        whole += [part for part, targets in parts.items() if len(targets) == len(wanted)]
        return [(whole, wanted)] + [([p], targets) for p, targets in parts.items() if p not in whole]

    def ratios(self) -> tuple[float, float] | None:
        """Hit ratios of the standing list and of popularity over the window; None before any set."""
        if not self.count:
            return None
        standing, popularity = self._recent[ALL].means()
        return standing.hit_ratio, popularity.hit_ratio

    def by_slice(self) -> dict[tuple[str, str], Worth]:
        """By slice and list, what the lists were worth to the slice's recent sets."""
        return {
            (part, name): worth
            for part, recent in self._recent.items()
            for name, worth in zip(LISTS, recent.means(), strict=True)
        }


class _Window:
    """What the list that stood was worth to recent sets, and what popularity was.

    Means are taken when they are asked for, once a second, and not kept up to date set by set.
    """

    def __init__(self, limit: int) -> None:
        self._recent: deque[tuple[bool, float, bool, float]] = deque(maxlen=limit)
        self.append = self._recent.append
        """Takes one more; the oldest goes when there are too many."""

    def means(self) -> tuple[Worth, Worth]:
        """Of the list that stood, and of popularity; of at least one set."""
        sets = len(self._recent)
        hits, gain, popular_hits, popular_gain = map(sum, zip(*self._recent, strict=True))
        return Worth(hits / sets, gain / sets, sets), Worth(popular_hits / sets, popular_gain / sets, sets)


def _gains(listed: Sequence[str]) -> dict[str, float]:
    """What the place of each item is worth, of the first PLACES."""
    return dict(zip(listed, GAINS, strict=False))


def _worth(targets: Sequence[str], gains: dict[str, float]) -> tuple[bool, float]:
    """Whether a list hit, and its NDCG.

    Args:
        targets: What was had, each once, at least one.
        gains: By item of the list, what its place is worth.
    """
    found = sum(gains.get(item_id, 0.0) for item_id in targets)
    return found > 0, found / IDEAL[min(len(targets), PLACES) - 1]


def _basket(size: int) -> str:
    if size == 1:
        return "basket_1"
    return "basket_2-4" if size < 5 else "basket_5+"
