"""From what is known of items and of one user to a ranked list. One instance a process, one thread."""

import math
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Literal

import msgspec
import numpy as np

from online.catalogue import Catalogue, Item
from online.events import ExampleSet
from online.ranking.blend import FROM_CONTENT, Blend, Ranker
from online.ranking.evidence import new_scratch
from online.ranking.explain import RankedItem, Reason, explain, most_alike
from online.ranking.gather import gather
from online.ranking.sources import collect
from online.state import UserState
from online.statistics.base import Floats, Query, Rows, Statistic
from online.statistics.content import Content
from online.statistics.forward_graph import ForwardGraph
from online.statistics.lags import lag_weights
from online.statistics.popularity import Popularity
from online.statistics.repeats import Repeats
from online.statistics.symmetric_graph import SymmetricGraph
from online.statistics.views import observation, query, seen_last

__all__ = ["Item", "RankedItem", "Reason", "Recommender", "RecommenderConfig"]

DAY_S = 86_400.0
FILL_LIMIT = 1_000
"""Documented items that are looked at to fill a list up."""


class RecommenderConfig(msgspec.Struct, frozen=True):
    """Settings of a Recommender. A snapshot fits the settings that it was made with."""

    repeats: Literal["allow", "hide"] = "allow"
    """Whether a list may contain what the user had. Where it may, the stream decides how much it does."""
    capacity: int = 262_144
    """Items known at once; beyond it those least recently used are forgotten."""
    dim: int = 64
    """Length of item vectors."""
    graph_half_life_days: float = 120.0
    """After this time an edge of the item graphs weighs half."""
    repeat_half_life_days: float = 120.0
    """The same for items' repeat shares."""
    popularity_half_life_days: float = 7.0
    """The same for popularity; a user without history gets what is popular by it."""
    first_time_half_life_days: float = 3.0
    """The same for first-time popularity, which counts an item once for each user."""


class Recommender:
    """Statistics, catalogue and ranking: folds sets and makes lists, both in microseconds.

    Nothing reads a clock or draws random numbers: the same calls in the same order give the same lists.
    """

    def __init__(self, config: RecommenderConfig | None = None, ranker: Ranker | None = None) -> None:
        """An empty recommender with the default settings and the fixed blend unless others are given."""
        self.config = config if config is not None else RecommenderConfig()
        capacity, graph_s = self.config.capacity, self.config.graph_half_life_days * DAY_S
        self.catalogue = Catalogue(capacity, self._forget)
        self.graph = SymmetricGraph(capacity, graph_s)
        self.forward = ForwardGraph(capacity, graph_s)
        self.recent = Popularity(capacity, self.config.popularity_half_life_days * DAY_S)
        self.all_time = Popularity(capacity, math.inf)
        self.first_time = Popularity(
            capacity, self.config.first_time_half_life_days * DAY_S, first_time_only=True
        )
        self.repeats = Repeats(capacity, self.config.repeat_half_life_days * DAY_S)
        self.content = Content(capacity, self.config.dim)
        self._ranker: Ranker = ranker if ranker is not None else Blend()
        self._scratch = new_scratch(capacity)
        self._sources = collect(
            scratch=self._scratch,
            graph=self.graph.edges,
            forward=self.forward.edges,
            recent=self.recent.arrays,
            all_time=self.all_time.arrays,
            first_time=self.first_time.arrays,
            repeats=self.repeats.arrays,
            vectors=self.content.vectors,
        )

    @property
    def statistics(self) -> dict[str, Statistic]:
        """Every statistic by the name that its arrays have in a snapshot."""
        return {
            "graph": self.graph,
            "forward": self.forward,
            "recent": self.recent,
            "all_time": self.all_time,
            "first_time": self.first_time,
            "repeats": self.repeats,
            "content": self.content,
        }

    def fold(self, example_set: ExampleSet) -> None:
        """Learns one set."""
        observed = observation(example_set, self.catalogue)
        if observed is not None:
            for statistic in self.statistics.values():
                statistic.fold(observed)

    def put_item(self, item: Item) -> None:
        """Adds or replaces an item's document; a deleted item may be listed again."""
        self.catalogue.put(item)

    def delete_item(self, item_id: str) -> None:
        """Keeps an item out of every list until it is put again."""
        self.catalogue.delete(item_id)

    def put_vector(self, item_id: str, vector: Floats) -> None:
        """Sets an item's vector: [config.dim], of any length.

        Raises:
            ValueError: The vector has another dimension, or is not finite.
        """
        self.content.put(self.catalogue.row(item_id, create=True), vector)

    def drop_vector(self, item_id: str) -> None:
        """Removes an item's vector, if it has one."""
        row = self.catalogue.row(item_id)
        if row >= 0:
            self.content.drop(row)

    def recommend(
        self, state: UserState, *, now_ms: int, wall_ms: int, k: int = 10, exclude: Collection[str] = ()
    ) -> list[RankedItem]:
        """The user's list, best first; a user without history gets what is popular.

        Args:
            state: The user. The open set counts as if it were closed.
            now_ms: The events' clock, which popularity and graphs are decayed to.
            wall_ms: The wall clock, which decides what is available.
            k: At most this many items, fewer only where fewer may be listed.
            exclude: Items that may not be in this list.
        """
        user = query(state, self.catalogue, now_ms)
        outside = (*exclude, *state.hidden)
        count, known, repeat_share = gather(
            self._sources,
            self._factors(user.now_s),
            user,
            np.array([self.catalogue.row(item_id) for item_id in outside], np.int32),
            self.config.repeats == "hide",
            self.catalogue.servable(wall_ms),
        )
        rows, evidence = self._scratch.rows[:count], self._scratch.evidence[:count]
        places, parts = self._ranker.rank(rows, evidence, repeat_share, known, k)
        listed = self._explained(state, user, rows[places], parts, evidence[places])
        if len(listed) < k:
            hidden = {*outside, *(item.item_id for item in listed)}
            if self.config.repeats == "hide":
                hidden.update(state.had, (past.item_id for past in state.open))
            listed.extend(islice(self._fill(hidden, wall_ms), k - len(listed)))
        return listed

    def popular(
        self, k: int = 10, *, now_ms: int, wall_ms: int, exclude: Collection[str] = ()
    ) -> list[RankedItem]:
        """The list of a user nobody has seen."""
        return self.recommend(UserState(""), now_ms=now_ms, wall_ms=wall_ms, k=k, exclude=exclude)

    def most_popular(self, k: int) -> list[str]:
        """Ids of what was had most of late, best first, for comparison: nothing is filtered."""
        return [self.catalogue.item_id(row) for row in self.recent.best(k).tolist()]

    def save(self) -> dict[str, np.ndarray | bytes]:
        """Everything that is known, by names of the form part/array."""
        saved: dict[str, np.ndarray | bytes] = {
            f"catalogue/{name}": value for name, value in self.catalogue.save().items()
        }
        for part, statistic in self.statistics.items():
            saved |= {f"{part}/{name}": array for name, array in statistic.save().items()}
        return saved

    def load(self, saved: dict[str, np.ndarray | bytes]) -> None:
        """Replaces everything by what a recommender of the same settings saved.

        Raises:
            ValueError: The snapshot has more items than there is room for.
        """
        self.catalogue.load(_part(saved, "catalogue"))
        for part, statistic in self.statistics.items():
            arrays = _part(saved, part)
            statistic.load({name: array for name, array in arrays.items() if isinstance(array, np.ndarray)})

    def _forget(self, rows: Rows) -> None:
        for statistic in self.statistics.values():
            statistic.forget(rows)

    def _factors(self, now_s: float) -> np.ndarray:
        decayed = (self.graph, self.forward, self.recent, self.all_time, self.first_time, self.repeats)
        return np.array([statistic.factor(now_s) for statistic in decayed])

    def _explained(
        self, state: UserState, user: Query, rows: Rows, parts: Floats, evidence: Floats
    ) -> list[RankedItem]:
        history = seen_last(state)
        listed = []
        for row, part, seen in zip(rows.tolist(), parts.tolist(), evidence.tolist(), strict=True):
            content = (-1, 0.0)
            if part[FROM_CONTENT] > 0:
                weights = lag_weights(user.history_s, self.content.score_lag)
                content = most_alike(self.content.vectors, user, weights, row)
            listed.append(explain(self.catalogue.item_id(row), part, seen, history, content))
        return listed

    def _fill(self, hidden: Collection[str], wall_ms: int) -> Iterator[RankedItem]:
        """Documented items that may be listed, the most recently put first."""
        servable = self.catalogue.servable(wall_ms)
        for row, item_id in islice(self.catalogue.newest(), FILL_LIMIT):
            if servable[row] and item_id not in hidden:
                yield RankedItem(item_id, 0.0, "trending", [])


def _part(saved: dict[str, np.ndarray | bytes], part: str) -> dict[str, np.ndarray | bytes]:
    prefix = f"{part}/"
    return {name.removeprefix(prefix): value for name, value in saved.items() if name.startswith(prefix)}
