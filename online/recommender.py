"""From what is known of items and of one user to a ranked list. One instance a process, one thread."""

import math
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.catalogue import Catalogue, Item
from online.events import ExampleSet, ListLog
from online.fusion.taste import HISTORY, Taste
from online.item_filter import ItemFilter
from online.modality_index import ModalityIndex
from online.ranking.arrangement import PLAIN, Arrangement
from online.ranking.blend import FROM_CONTENT, SOURCES
from online.ranking.calibration import calibrated, miscalibration
from online.ranking.candidates import Best, Candidates, best, candidates_of, shares
from online.ranking.diversity import POOL_FACTOR, Diversifier, diversified, likeness
from online.ranking.evidence import WITNESSES, new_scratch
from online.ranking.explain import EXPLORE, RankedItem, Reason, explain, most_alike, why
from online.ranking.explore import explored
from online.ranking.gather import GRAPH_LAG, gather_lists
from online.ranking.list_log import log_of
from online.ranking.network import Network
from online.ranking.sources import collect
from online.saved import Saved, arrays_of, as_part, part_of
from online.state import UserState
from online.statistics.ages import Ages
from online.statistics.base import NO_ROWS, Floats, Queries, Query, Rows, Statistic
from online.statistics.content import COLD_BELOW, Content, profile_of
from online.statistics.decay import factors
from online.statistics.exposures import Exposures
from online.statistics.forward_graph import ForwardGraph
from online.statistics.lags import lag_weights
from online.statistics.popularity import Popularity
from online.statistics.popularity_by_length import PopularityByLength
from online.statistics.ratings import Ratings
from online.statistics.repeats import Repeats
from online.statistics.rhythm import Rhythm
from online.statistics.short_graph import ShortGraph
from online.statistics.symmetric_graph import SymmetricGraph
from online.statistics.teaching import teaching
from online.statistics.views import history, observation, queries, seen_last

__all__ = ["Item", "RankedItem", "Reason", "Recommender", "RecommenderConfig"]

DAY_S = 86_400.0
CATEGORY_INTERVAL = 1_024
"""Sets between two sums of the repeats by category."""
FILL_LIMIT = 1_000
"""Documented items that are looked at to fill a list up, unless a request asks for more."""
MOST_FILLED = 200
"""Longer lists look at all documented items."""
FILTERED_LIMIT = 600
"""Items of a filter that are candidates whatever the graphs say."""
EXPLORED_AT_ONCE = 64
"""New items that are explored at a time, the newest of those shown less than EXPLORED_TIMES."""
EXPLORED_TIMES = 200
EXPLORED_LISTS = 64
"""Lists between two looks at which items those are."""
LEAST_RELEVANCE = 0.2
"""How much an item counts that has nothing in common with what the user had, beside 1 for its twin."""
NO_MEDIA: Mapping[str, float] = {}


class RecommenderConfig(msgspec.Struct, frozen=True):
    """Settings of a Recommender. A snapshot fits the settings that it was made with."""

    repeats: Literal["allow", "hide"] = "allow"
    """Whether a list may contain what the user had. Where it may, the stream decides how much it does."""
    again_after_days: float = math.inf
    """Where repeats are hidden: so long after an item was had last, by the user's newest event, it may be listed."""
    capacity: int = 262_144
    """Items known at once; beyond it those least recently used are forgotten."""
    dim: int = 64
    """Length of item vectors."""
    graph_half_life_days: float = 120.0
    """After this time an edge of the item graphs weighs half."""
    short_half_life_days: float = 10.0
    """The same for the graph with a short memory."""
    repeat_half_life_days: float = 120.0
    """The same for items' repeat shares."""
    popularity_half_life_days: float = 7.0
    """The same for popularity; a user without history gets what is popular by it."""
    first_time_half_life_days: float = 3.0
    """The same for first-time popularity, which counts an item once for each user."""
    muted: tuple[str, ...] = ()
    """Sources whose evidence counts for nothing, to see what they are worth: some of `online.ranking.blend.SOURCES`."""
    teach_again_after_days: float = 0.0
    """So long after a user had an item statistics hear of it again, see `online.statistics.teaching`."""
    hurried: bool = False
    """Whether every list is made in a hurry, to see what that costs."""


class Recommender:
    """Statistics, catalogue and ranking: folds sets and makes lists, both in microseconds.

    Nothing reads a clock or draws random numbers: the same calls in the same order give the same lists.
    """

    def __init__(self, config: RecommenderConfig | None = None) -> None:
        """An empty recommender with the default settings unless others are given."""
        self.config = config if config is not None else RecommenderConfig()
        capacity, graph_s = self.config.capacity, self.config.graph_half_life_days * DAY_S
        self.catalogue = Catalogue(capacity, self._forget)
        self.graph = SymmetricGraph(capacity, graph_s)
        self.short = ShortGraph(capacity, self.config.short_half_life_days * DAY_S)
        self.forward = ForwardGraph(capacity, graph_s)
        self.recent = Popularity(capacity, self.config.popularity_half_life_days * DAY_S)
        self.daily = Popularity(capacity, DAY_S)
        self.all_time = Popularity(capacity, math.inf)
        self.first_time = Popularity(
            capacity, self.config.first_time_half_life_days * DAY_S, first_time_only=True
        )
        self.repeats = Repeats(capacity, self.config.repeat_half_life_days * DAY_S)
        self.by_length = PopularityByLength(capacity, self.config.graph_half_life_days * DAY_S)
        self.rhythm = Rhythm(capacity)
        self.ages = Ages(capacity)
        self.ratings = Ratings(capacity)
        self.content = Content(capacity, self.config.dim)
        self.exposures = Exposures(capacity)
        self.by_modality = ModalityIndex(capacity)
        """Vectors for search; lists are made without them, and no snapshot has them."""
        self.network: Network | None = None
        """Ranks the candidates; without one, or one that is better than it, the fixed blend does."""
        self.taste: Taste | None = None
        """What is learned of histories; of the same generation as the items' vectors."""
        self._folded = tuple(self.statistics.values())
        self._fold_count = 0
        self._new, self._new_age = NO_ROWS, 0
        muted = [column for name in self.config.muted for column in WITNESSES[SOURCES.index(name)]]
        self._muted = np.array(muted, np.int64)
        self._scratch = new_scratch(capacity)
        decayed = (
            self.graph, self.short, self.forward, self.recent, self.daily, self.all_time, self.first_time,
            self.by_length, self.repeats,
        )  # fmt: skip
        self._decays = [statistic.decay for statistic in decayed]
        """In the order of `online.ranking.sources`."""
        self._sources = collect(
            scratch=self._scratch,
            categories=self.catalogue.categories,
            graph=self.graph.edges,
            short=self.short.edges,
            forward=self.forward.edges,
            recent=self.recent.arrays,
            daily=self.daily.arrays,
            by_length=self.by_length.arrays,
            rhythm=self.rhythm.arrays,
            ages=self.ages.arrays,
            ratings=self.ratings.arrays,
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
            "short": self.short,
            "forward": self.forward,
            "recent": self.recent,
            "daily": self.daily,
            "by_length": self.by_length,
            "rhythm": self.rhythm,
            "ages": self.ages,
            "ratings": self.ratings,
            "all_time": self.all_time,
            "first_time": self.first_time,
            "repeats": self.repeats,
            "content": self.content,
            "exposures": self.exposures,
        }

    def fold(self, example_set: ExampleSet) -> None:
        """Learns one set."""
        observed = observation(example_set, self.catalogue)
        if observed is not None and self.config.teach_again_after_days > 0:
            observed = teaching(observed, self.config.teach_again_after_days * DAY_S)
        if observed is not None and len(observed.rows) > 0:
            for statistic in self._folded:
                statistic.fold(observed)
            if self._fold_count % CATEGORY_INTERVAL == 0:
                self.repeats.sum_categories(self.catalogue.categories.slots, self.catalogue.end)
            self._fold_count += 1

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

    def vector(self, item_id: str) -> Floats | None:
        """The item's vector, [config.dim] of unit length, if it has one."""
        row = self.catalogue.row(item_id)
        has_one = row >= 0 and bool(self.content.vectors.present[row])
        return self.content.vectors.units[row].copy() if has_one else None

    def likeness(self, profile: Floats, item_ids: Sequence[str]) -> Floats:
        """The cosine of a direction, [config.dim] of unit length, and the vector of each item that has one."""
        rows = np.array([self.catalogue.row(item_id) for item_id in item_ids], np.int32)
        rows = rows[rows >= 0]
        found: Floats = self.content.vectors.units[rows[self.content.vectors.present[rows]]] @ profile
        return found

    def is_cold(self, item_id: str) -> bool:
        """Whether little is known of the item but its vector."""
        row = self.catalogue.row(item_id)
        return row < 0 or bool(self.content.vectors.seen[row] < COLD_BELOW)

    def profile(self, state: UserState) -> Floats:
        """The direction that items are compared with for the user: [config.dim] of unit length, or zero."""
        rows, history_s = history(seen_last(state), self.catalogue)
        found: Floats = profile_of(self.content.vectors, rows, lag_weights(history_s, GRAPH_LAG))
        return found

    def recommend(  # noqa: PLR0913  # what a list depends on, by name
        self,
        state: UserState,
        *,
        now_ms: int,
        wall_ms: int,
        k: int = 10,
        exclude: Collection[str] = (),
        arrangement: Arrangement = PLAIN,
        reserve: int = 0,
        wanted: ItemFilter | None = None,
        hurried: bool = False,
    ) -> list[RankedItem]:
        """The user's list, best first; a user without history gets what is popular.

        Args:
            state: The user. The open set counts as if it were closed.
            now_ms: The events' clock, which popularity and graphs are decayed to.
            wall_ms: The wall clock, which decides what is available.
            k: At most this many items, fewer only where fewer may be listed.
            exclude: Items that may not be in this list.
            arrangement: How the list is made of its candidates.
            reserve: So many items more, which would come after the list's last.
            wanted: What the items must be.
            hurried: Whether to rank fewer candidates, which takes less time and finds a little less.
        """
        (listed,) = self.recommend_all(
            [(state, now_ms)],
            wall_ms=wall_ms,
            k=k,
            exclude=exclude,
            arrangement=arrangement,
            reserve=reserve,
            wanted=wanted,
            hurried=hurried,
        )
        return listed

    def recommend_all(
        self,
        users: Sequence[tuple[UserState, int]],
        *,
        wall_ms: int,
        k: int = 10,
        exclude: Collection[str] = (),
        arrangement: Arrangement = PLAIN,
        reserve: int = 0,
        wanted: ItemFilter | None = None,
        hurried: bool = False,
    ) -> list[list[RankedItem]]:
        """The lists of some users, each at its `now_ms`; the rest is the same for all of them, see `recommend`."""
        if not users:
            return []
        network, count = self.network if arrangement.is_learned else None, k + reserve
        found = self._gathered(users, wall_ms, exclude, wanted, hurried)
        chosen = self._chosen(found, network, count, arrangement)
        lists = self._explained(users, found, chosen, network)
        for number, ((state, _), listed) in enumerate(zip(users, lists, strict=True)):
            if arrangement.explore:
                new = self._explored(state, found, number, chosen[number], exclude, arrangement)
                start = max(min(len(listed), arrangement.places - len(new)), 0)
                listed[start:start] = new
                del listed[count:]
            if len(listed) < count:
                hidden = self.outside(state, exclude) | {item.item_id for item in listed}
                looked_at = FILL_LIMIT if wanted is None and count <= MOST_FILLED else None
                fill = self._fill(hidden, found.allowed, looked_at)
                listed.extend(islice(fill, count - len(listed)))
        return lists

    def candidates(self, state: UserState, *, now_ms: int, wall_ms: int, hurried: bool = False) -> Candidates:
        """What may be in the user's list, with all that is known of it; for the arguments see `recommend`."""
        return self._gathered([(state, now_ms)], wall_ms, (), None, hurried)

    def _gathered(
        self,
        users: Sequence[tuple[UserState, int]],
        wall_ms: int,
        exclude: Collection[str],
        wanted: ItemFilter | None,
        hurried: bool,
    ) -> Candidates:
        asked = queries([state for state, _ in users], self.catalogue, [now_ms for _, now_ms in users])
        outside, starts = [], [0]
        for state, _ in users:
            outside += [self.catalogue.row(item_id) for item_id in (*exclude, *state.hidden)]
            starts.append(len(outside))
        allowed = self.allowed(wall_ms, wanted)
        gathered = gather_lists(
            self._sources,
            factors(self._decays, asked.now_s),
            asked,
            *self._liked(asked),
            np.array(outside, np.int32),
            np.array(starts),
            NO_ROWS if wanted is None else self._most_had(allowed),
            np.array([self._hidden_since_s(state) for state, _ in users]),
            allowed,
            self._muted,
            hurried or self.config.hurried,
        )
        return candidates_of(asked, gathered, allowed)

    def allowed(self, wall_ms: int, wanted: ItemFilter | None = None) -> NDArray[np.bool_]:
        """[capacity] which rows may be in a list made at `wall_ms` and are as wanted, to be read only."""
        allowed = self.catalogue.servable(wall_ms)
        if wanted is not None:
            allowed = allowed & self.catalogue.attributes.matching(wanted)
            if wanted.is_new:
                allowed &= self.content.vectors.seen < COLD_BELOW
        return allowed

    def outside(self, state: UserState, exclude: Collection[str]) -> set[str]:
        """Ids of what may not be in the user's list, whatever is available."""
        found = {*exclude, *state.hidden}
        if self.config.repeats == "hide":
            since_s = self._hidden_since_s(state)
            found.update(item_id for item_id, had in state.had.items() if had.last_s >= since_s)
            found.update(past.item_id for past in state.open)
        return found

    def _hidden_since_s(self, state: UserState) -> float:
        """What the user had at this time or later may not be listed."""
        if self.config.repeats == "allow":
            return math.inf
        return state.open_ms / 1000 - self.config.again_after_days * DAY_S

    def log(self, found: Candidates) -> ListLog:
        """The candidates of one list as they are now, to be learned from once it is known what was had."""
        return log_of(self.catalogue.hashes[found.rows], found.columns, found.means[0], found.requests[0])

    def popular(
        self, k: int = 10, *, now_ms: int, wall_ms: int, exclude: Collection[str] = ()
    ) -> list[RankedItem]:
        """The list of a user nobody has seen."""
        return self.recommend(UserState(""), now_ms=now_ms, wall_ms=wall_ms, k=k, exclude=exclude)

    def most_popular(self, k: int) -> list[str]:
        """Ids of what was had most of late, best first, for comparison: nothing is filtered."""
        return [self.catalogue.item_id(row) for row in self.recent.best(k).tolist()]

    def save(self) -> Saved:
        """Everything that is known, by names of the form part/array."""
        saved = as_part("catalogue/", self.catalogue.save())
        for part, statistic in self.statistics.items():
            saved |= as_part(f"{part}/", statistic.save())
        return saved

    def load(self, saved: Saved) -> None:
        """Replaces everything by what a recommender of the same settings saved.

        Raises:
            ValueError: The snapshot has more items than there is room for.
        """
        self.catalogue.load(part_of(saved, "catalogue/"))
        for part, statistic in self.statistics.items():
            arrays = arrays_of(saved, f"{part}/")
            if arrays:  # an earlier version's snapshot lacks what was added since, which starts empty
                statistic.load(arrays)
        self.repeats.sum_categories(self.catalogue.categories.slots, self.catalogue.end)
        self._fold_count = 0

    def _forget(self, rows: Rows) -> None:
        self._new_age = 0
        for statistic in self.statistics.values():
            statistic.forget(rows)
        self.by_modality.forget(rows)

    def _liked(self, asked: Queries) -> tuple[Floats, NDArray[np.bool_]]:
        """[users, dim] what each is looked to like; [users] whether anything is learned and the history says it."""
        liked = np.zeros((len(asked.now_s), self.config.dim), np.float32)
        likes = np.zeros(len(liked), np.bool_)
        if self.taste is None:
            return liked, likes
        for user in range(len(liked)):
            rows = asked.history[asked.history_starts[user] : asked.history_starts[user + 1]][:HISTORY]
            rows = rows[rows >= 0]
            rows = rows[self.content.vectors.present[rows]]
            if len(rows):
                liked[user], likes[user] = self.taste.direction(self.content.vectors.units[rows]), True
        return liked, likes

    def _chosen(
        self, found: Candidates, network: Network | None, count: int, arrangement: Arrangement
    ) -> list[Best]:
        """The best candidates in order, so that a longer list begins as a shorter one."""
        if not arrangement.diversity:
            return best(found, network, count)
        pool_size = POOL_FACTOR * arrangement.places
        ranked = best(found, network, max(pool_size, count))
        return [
            self._arranged(found, found.query(number), of_list, count, arrangement)
            for number, of_list in enumerate(ranked)
        ]

    def _arranged(
        self, found: Candidates, user: Query, ranked: Best, count: int, arrangement: Arrangement
    ) -> Best:
        pool_size = POOL_FACTOR * arrangement.places
        head = self.varied(
            found.rows[ranked.places[:pool_size]],
            ranked.scores[:pool_size],
            (user.had, user.frequency),
            arrangement.places,
            arrangement.diversity,
            arrangement.diversifier,
        )
        order = np.concatenate((head, np.delete(np.arange(len(ranked.places)), head)))[:count]
        return Best(ranked.places[order], ranked.scores[order])

    def varied(
        self,
        rows: Rows,
        scores: Floats,
        had: tuple[Rows, Floats],
        k: int,
        dial: float,
        diversifier: Diversifier,
    ) -> NDArray[np.int64]:
        """Which k of [n] rows, best first by their [n] scores, make a varied list; see `online.ranking.diversity`.

        Args:
            rows: [n]
            scores: [n] estimates of probabilities.
            had: [h] rows that the user had, negative ones are skipped, and [h] how much each counts.
            k: How many are chosen.
            dial: From 0, the order as it is, to below 1.
            diversifier: How.
        """
        if diversifier == "calibrated":
            return calibrated(scores, self.labels(rows), *self._labelled(had), k, dial)
        alike = likeness(self.content.vectors.units[rows], self.labels(rows))
        counts = self.all_time.arrays.counts[rows].astype(np.float32)
        return diversified(scores, alike, counts, k, dial, diversifier)

    def labels(self, rows: Rows) -> Rows:
        """[n, labels] what each of [n] rows is by category and tags; 0 where there is none."""
        found: Rows = self.catalogue.categories.slots[rows]
        return found

    def miscalibration(self, rows: Rows, had: tuple[Rows, Floats]) -> float | None:
        """How far the kinds of a list's rows are from those of what the user had; None where those are not known."""
        return miscalibration(self.labels(rows), *self._labelled(had))

    def _labelled(self, had: tuple[Rows, Floats]) -> tuple[Rows, Floats]:
        is_known = had[0] >= 0
        return self.labels(had[0][is_known]), had[1][is_known]

    def _explored(
        self,
        state: UserState,
        found: Candidates,
        number: int,
        chosen: Best,
        exclude: Collection[str],
        arrangement: Arrangement,
    ) -> list[RankedItem]:
        """New items to find out about, none of which the list has; the same ones until the user does something."""
        rows = self._new_rows()
        taken = [self.catalogue.row(item_id) for item_id in self.outside(state, exclude)]
        listed = found.rows[chosen.places]
        rows = rows[found.allowed[rows] & ~np.isin(rows, taken) & ~np.isin(rows, listed)]
        relevance = np.maximum(self.content.score(found.query(number), rows), LEAST_RELEVANCE)
        seed = zlib.crc32(f"{state.user_id}\0{state.applied_count}".encode())
        slots = min(arrangement.explore, (min(len(listed), arrangement.places) + 1) // 2)
        drawn = explored(self.exposures.chances(rows), relevance, slots, seed)
        return [
            RankedItem(self.catalogue.item_id(row), 0.0, EXPLORE, [], propensity)
            for row, propensity in zip(rows[drawn.places].tolist(), drawn.propensities.tolist(), strict=True)
        ]

    def _new_rows(self) -> Rows:
        """[at most EXPLORED_AT_ONCE] the newest items that were shown too seldom to know what they are worth."""
        if self._new_age == 0:
            newest = (row for row, _ in islice(self.catalogue.newest(), FILL_LIMIT))
            few = (row for row in newest if self.exposures.shown[row] < EXPLORED_TIMES)
            self._new = np.array(list(islice(few, EXPLORED_AT_ONCE)), np.int32)
        self._new_age = (self._new_age + 1) % EXPLORED_LISTS
        return self._new

    def _explained(
        self,
        users: Sequence[tuple[UserState, int]],
        found: Candidates,
        chosen: Sequence[Best],
        network: Network | None,
    ) -> list[list[RankedItem]]:
        places = np.concatenate([of_list.places for of_list in chosen])
        rows, lists = found.rows[places], found.lists[places]
        units = self.content.vectors.units
        alike = most_alike(units, found.queries, self.content.score_lag, rows, lists)
        sources, entries, weights = why(shares(found, network, places), found.evidence[places], *alike)
        modalities: dict[int, Mapping[str, float]] = {}
        for place in np.flatnonzero((sources == FROM_CONTENT) & (alike[0] >= 0)).tolist():
            had = found.queries.history[found.queries.history_starts[lists[place]] + entries[place]]
            modalities[place] = self.by_modality.alike(int(rows[place]), int(had))
        items = zip(
            map(self.catalogue.item_id, rows.tolist()),
            np.concatenate([of_list.scores for of_list in chosen]).tolist(),
            sources.tolist(),
            entries.tolist(),
            weights.tolist(),
            strict=True,
        )
        histories = [seen_last(state) for state, _ in users]
        explained: list[list[RankedItem]] = [[] for _ in users]
        for place, (number, item) in enumerate(zip(lists.tolist(), items, strict=True)):
            of_media = modalities.get(place, NO_MEDIA)
            explained[number].append(explain(*item, histories[number], of_media))
        return explained

    def _most_had(self, allowed: NDArray[np.bool_]) -> Rows:
        """At most FILTERED_LIMIT of the rows that are allowed: what was had most of late."""
        rows = np.flatnonzero(allowed).astype(np.int32)
        if len(rows) > FILTERED_LIMIT:
            counts = self.recent.arrays.counts[rows]
            rows = rows[np.argpartition(-counts, FILTERED_LIMIT)[:FILTERED_LIMIT]]
        return rows

    def _fill(
        self, hidden: Collection[str], allowed: NDArray[np.bool_], looked_at: int | None
    ) -> Iterator[RankedItem]:
        """Documented items that may be listed, the most recently put first, of so many that are looked at."""
        for row, item_id in islice(self.catalogue.newest(), looked_at):
            if allowed[row] and item_id not in hidden:
                yield RankedItem(item_id, 0.0, "trending", [])
