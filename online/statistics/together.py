"""Every statistic that lists are made with, over the same rows: folded, forgotten and saved together."""

import math
from collections.abc import Iterator

import numpy as np

from online.recommender_config import DAY_S, RecommenderConfig
from online.saved import Saved, arrays_of, as_part
from online.statistics.ages import Ages
from online.statistics.base import Observation, Rows, Statistic
from online.statistics.content import Content
from online.statistics.exposures import Exposures
from online.statistics.folding import fold_all, together
from online.statistics.forward_graph import ForwardGraph
from online.statistics.popularity import Popularity
from online.statistics.popularity_by_length import PopularityByLength
from online.statistics.ratings import Ratings
from online.statistics.repeats import Repeats
from online.statistics.rhythm import Rhythm
from online.statistics.short_graph import ShortGraph
from online.statistics.stream_clock import StreamClock
from online.statistics.symmetric_graph import SymmetricGraph


class Statistics:
    """All of them, each by the name that its arrays have in a snapshot."""

    def __init__(self, config: RecommenderConfig) -> None:
        capacity, graph_s = config.capacity, config.graph_half_life_days * DAY_S
        self.graph = SymmetricGraph(capacity, graph_s)
        self.short = ShortGraph(capacity, config.short_half_life_days * DAY_S)
        self.forward = ForwardGraph(capacity, graph_s)
        self.recent = Popularity(capacity, config.popularity_half_life_days * DAY_S)
        self.daily = Popularity(capacity, DAY_S)
        self.hourly = Popularity(capacity, DAY_S / 24)
        self.by_length = PopularityByLength(capacity, graph_s)
        self.rhythm = Rhythm(capacity)
        self.ages = Ages(capacity)
        self.ratings = Ratings(capacity)
        self.all_time = Popularity(capacity, math.inf)
        self.first_time = Popularity(capacity, config.first_time_half_life_days * DAY_S, first_time_only=True)
        self.repeats = Repeats(capacity, config.repeat_half_life_days * DAY_S)
        self.content = Content(capacity, config.dim)
        self.exposures = Exposures(capacity)
        self._by_name: dict[str, Statistic] = dict(vars(self))
        self.clock = StreamClock()
        """What those that decay go by, both when they are folded and when they are asked."""
        self.decays = [
            self.graph.decay,
            self.short.decay,
            self.forward.decay,
            self.recent.decay,
            self.daily.decay,
            self.hourly.decay,
            self.all_time.decay,
            self.first_time.decay,
            self.by_length.decay,
            self.repeats.decay,
        ]
        """How those that decay forget, by the places in `online.statistics.folding`."""
        self.arrays = (
            self.graph.edges,
            self.short.edges,
            self.forward.edges,
            self.recent.arrays,
            self.daily.arrays,
            self.hourly.arrays,
            self.all_time.arrays,
            self.first_time.arrays,
            self.by_length.arrays,
            self.repeats.arrays,
            self.rhythm.arrays,
            self.ages.arrays,
            self.ratings.arrays,
            self.content.vectors,
            self.exposures.arrays,
        )
        """Those of all, in the order of `online.statistics.folding.Arrays`."""
        self._together = together(*self.arrays)

    def __iter__(self) -> Iterator[Statistic]:
        """One after the other."""
        return iter(self._by_name.values())

    def fold(self, observed: Observation) -> None:
        """Learns one set that is not empty: what each statistic's own `fold` does, for all of them at once."""
        stream_s = self.clock.advance(observed.timestamp_s, len(observed.rows))
        scales = np.array([decay.weight(stream_s) for decay in self.decays])
        fold_all(self._together, scales, *observed)

    def forget(self, rows: Rows) -> None:
        """Drops all that is known of rows, which will belong to other items."""
        for statistic in self:
            statistic.forget(rows)

    def save(self) -> Saved:
        """Everything that is known, by names of the form statistic/array."""
        saved: Saved = {**as_part("clock/", self.clock.save())}
        for name, statistic in self._by_name.items():
            saved |= as_part(f"{name}/", statistic.save())
        return saved

    def load(self, saved: Saved) -> None:
        """Replaces everything by what statistics of the same settings saved, among others."""
        # An earlier version's snapshot lacks what was added since, which starts empty.
        for name, statistic in self._by_name.items():
            if arrays := arrays_of(saved, f"{name}/"):
                statistic.load(arrays)
        if arrays := arrays_of(saved, "clock/"):
            self.clock.load(arrays)
        elif last_s := float(self.ages.arrays.last_s.max()):
            self.clock.begin(last_s)
