"""From what is known of items and of one user to a ranked list. One instance a process, one thread."""

from collections.abc import Collection
from typing import Literal

import msgspec
import numpy as np

from online.catalogue import Catalogue, Item
from online.events import POSITIVE_ACTIONS, ExampleSet, Past
from online.ranking.blend import Blend, Ranker
from online.ranking.gather import Sources, gather, looked_at_limit, new_scratch
from online.state import HAD_LIMIT, OPEN_LIMIT, UserState
from online.statistics.base import Floats, Observation, Query, Rows
from online.statistics.forward_graph import ForwardGraph
from online.statistics.popularity import TOP_LIMIT, Popularity
from online.statistics.repeats import Repeats
from online.statistics.symmetric_graph import SymmetricGraph

DAY_S = 86_400.0


class Reason(msgspec.Struct, frozen=True):
    kind: str
    item_id: str | None
    modality: str | None
    weight: float


class RankedItem(msgspec.Struct, frozen=True):
    item_id: str
    score: float
    source: str
    reasons: list[Reason]


class RecommenderConfig(msgspec.Struct, frozen=True):
    """Settings of a Recommender; a snapshot fits one with the same settings only."""

    repeats: Literal["allow", "hide"] = "allow"
    """Whether lists may contain what the user had."""
    capacity: int = 262_144
    """Items known at once; beyond it those least recently used are forgotten."""
    history_length: int = 20
    """Last items of a user that are looked at."""
    lag_decay: float = 0.9
    """Each item back in the history counts this much less."""
    graph_half_life_days: float = 120.0
    popularity_half_life_days: float = 7.0
    first_time_half_life_days: float = 3.0
    dim: int = 64
    """Length of item vectors."""


class Recommender:
    def __init__(self, config: RecommenderConfig = RecommenderConfig(), ranker: Ranker | None = None) -> None:
        self.config = config
        self.catalogue = Catalogue(config.capacity, self._forget)
        c = config
        self.graph = SymmetricGraph(c.capacity, c.graph_half_life_days * DAY_S)
        self.forward = ForwardGraph(c.capacity, c.graph_half_life_days * DAY_S)
        self.recent = Popularity(c.capacity, c.popularity_half_life_days * DAY_S)
        self.all_time = Popularity(c.capacity, np.inf)
        self.first_time = Popularity(c.capacity, c.first_time_half_life_days * DAY_S, first_time_only=True)
        self.repeats = Repeats(c.capacity, c.graph_half_life_days * DAY_S)
        self.statistics = dict(
            graph=self.graph,
            forward=self.forward,
            recent=self.recent,
            all_time=self.all_time,
            first_time=self.first_time,
            repeats=self.repeats,
        )
        self.ranker = ranker or Blend()
        self.scratch = new_scratch(
            c.capacity, looked_at_limit(c.history_length, HAD_LIMIT + OPEN_LIMIT, 2 * TOP_LIMIT + 1000)
        )

    def _forget(self, rows):
        for s in self.statistics.values():
            s.forget(rows)

    def _history(self, history: list[Past]):
        last = history[: -self.config.history_length - 1 : -1]
        rows = self.catalogue.rows
        found = np.array([rows.get(p.item_id, -1) for p in last], np.int32)
        w = np.empty(len(last), np.float32)
        j = 0
        while j < len(last):
            i = j
            while i < len(last) and last[i].timestamp_s == last[j].timestamp_s:
                i += 1
            w[j:i] = np.mean(self.config.lag_decay ** np.arange(j, i))
            j = i
        return found, w

    def fold(self, example_set: ExampleSet) -> None:
        items: dict[str, tuple[float, bool]] = {}
        for e in example_set.examples:
            w = POSITIVE_ACTIONS.get(e.action)
            if w is not None:
                items[e.item_id] = (1.0, e.times_had > 0)
        if not items:
            return
        rows = np.array([self.catalogue.row(i, create=True) for i in items], np.int32)
        hist, lw = self._history(example_set.history)
        obs = Observation(
            rows,
            np.array([v[0] for v in items.values()], np.float32),
            np.array([v[1] for v in items.values()], np.bool_),
            hist,
            lw,
            example_set.timestamp_ms / 1000,
        )
        for s in self.statistics.values():
            s.fold(obs)

    def query(self, state: UserState, now_ms: int) -> Query:
        hist, lw = self._history(state.history + state.open)
        rows = self.catalogue.rows
        freq = {rows.get(i, -1): state.frequency(h) for i, h in state.had.items()}
        for p in state.open:
            r = rows.get(p.item_id, -1)
            freq[r] = freq.get(r, 0.0) * 1 + 1
        return Query(
            hist, lw, np.array(list(freq), np.int32), np.array(list(freq.values()), np.float32), now_ms / 1000
        )

    def put_item(self, item: Item) -> None:
        self.catalogue.put(item)

    def delete_item(self, item_id: str) -> None:
        self.catalogue.delete(item_id)

    def put_vector(self, item_id, vector): ...

    def drop_vector(self, item_id): ...

    def recommend(
        self, state: UserState, *, now_ms: int, wall_ms: int, k: int = 10, exclude: Collection[str] = ()
    ):
        q = self.query(state, now_ms)
        n = q.now_s
        sources = Sources(
            self.graph.edges,
            self.graph.factor(n),
            self.forward.edges,
            self.forward.factor(n),
            self.recent.counts,
            self.recent.top,
            self.recent.factor(n),
            self.all_time.counts,
            self.first_time.counts,
            self.first_time.top,
            self.first_time.factor(n),
            self.repeats.counts,
            self.repeats.total,
            self.repeats.factor(n),
        )
        blocked = np.array([self.catalogue.row(i) for i in [*exclude, *state.hidden]], np.int32)
        count = gather(
            self.scratch, sources, q, blocked, self.config.repeats == "hide", self.catalogue.servable(wall_ms)
        )
        ranked = self.ranker.rank(
            self.scratch.rows[:count], self.scratch.evidence[:count], self.repeats.overall_share(n), k
        )
        return [
            RankedItem(self.catalogue.item_id(self.scratch.rows[p]), float(s), "graph", [])
            for p, s in zip(ranked.places, ranked.scores)
        ]
