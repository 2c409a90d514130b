"""From what is known of items and of one user to a ranked list. One instance a process, one thread."""

import math
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from online.catalogue import Catalogue
from online.events import ExampleSet, ListLog
from online.fusion.taste import HISTORY, Taste
from online.item import Item
from online.item_filter import ItemFilter
from online.modality_index import ModalityIndex
from online.ranking.arrangement import PLAIN, Arrangement
from online.ranking.blend import SOURCES
from online.ranking.candidates import Best, Candidates, best, candidates_of
from online.ranking.diversity import POOL_FACTOR
from online.ranking.evidence import WITNESSES, new_scratch
from online.ranking.explain import Explainer, RankedItem
from online.ranking.gather import GRAPH_LAG, gather_lists
from online.ranking.list_log import HEAD, log_of
from online.ranking.network import Network
from online.ranking.new_items import NewItems
from online.ranking.sources import collect
from online.ranking.variety import Variety
from online.recommender_config import DAY_S, RecommenderConfig
from online.saved import Saved, as_part, part_of
from online.state import UserState
from online.statistics.base import NO_ROWS, Floats, Queries, Rows
from online.statistics.content import COLD_BELOW, profile_of
from online.statistics.decay import factors
from online.statistics.lags import lag_weights
from online.statistics.popularity import TOP_LIMIT
from online.statistics.teaching import teaching
from online.statistics.together import Statistics
from online.statistics.views import history, observation, queries, seen_last

CATEGORY_INTERVAL = 1_024
"""Sets between two sums of the repeats by category."""
FILL_LIMIT = 1_000
"""Documented items that are looked at to fill a list up, unless a request asks for more."""
MOST_FILLED = 200
"""Longer lists look at all documented items."""
FILTERED_LIMIT = 600
"""Items of a filter that are candidates whatever the graphs say."""


class Recommender:
    """Statistics, catalogue and ranking: folds sets in tens of microseconds, makes lists in hundreds.

    Nothing reads a clock or draws random numbers: the same calls in the same order give the same lists.
    """

    def __init__(self, config: RecommenderConfig | None = None) -> None:
        """An empty recommender with the default settings unless others are given."""
        self.config = config if config is not None else RecommenderConfig()
        capacity = self.config.capacity
        self.catalogue = Catalogue(capacity, self._forget)
        self.statistics = Statistics(self.config)
        self.by_modality = ModalityIndex(capacity)
        """Vectors for search; lists are made without them, and no snapshot has them."""
        self.network: Network | None = None
        """Ranks the candidates. None: the fixed blend does, as nothing is learned yet or the network ranked worse."""
        self.taste: Taste | None = None
        """What is learned of histories; of the same generation as the items' vectors."""
        self.variety = Variety(
            self.statistics.content.vectors, self.catalogue.categories, self.statistics.all_time.arrays
        )
        self._explainer = Explainer(self.catalogue, self.statistics.content, self.by_modality)
        self._new_items = NewItems(self.catalogue, self.statistics.content, self.statistics.exposures)
        self._vectors = self.statistics.content.vectors
        self._fold_count = 0
        muted = [column for name in self.config.muted for column in WITNESSES[SOURCES.index(name)]]
        self._muted = np.array(muted, np.int64)
        self._sources = collect(self.statistics, self.catalogue.categories, new_scratch(capacity))

    def fold(self, example_set: ExampleSet) -> None:
        """Learns one set."""
        observed = observation(example_set, self.catalogue)
        if observed is not None and self.config.teach_again_after_days > 0:
            observed = teaching(observed, self.config.teach_again_after_days * DAY_S)
        if observed is not None and len(observed.rows) > 0:
            self.statistics.fold(observed)
            if self._fold_count % CATEGORY_INTERVAL == 0:
                self._sum_categories()
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
        self.statistics.content.put(self.catalogue.place(item_id), vector)

    def put_vectors(self, vectors: Mapping[str, Floats]) -> None:
        """Sets many items' vectors at once, as `put_vector` sets one's."""
        made = {item_id: self.catalogue.place(item_id) for item_id in vectors}
        # Where there is no room for all of them, the last have taken the rows of the first.
        rows = {item_id: row for item_id, row in made.items() if self.catalogue.row(item_id) == row}
        if rows:
            kept = np.stack([vectors[item_id] for item_id in rows])
            self.statistics.content.put_all(np.array(list(rows.values()), np.int32), kept)

    def drop_vector(self, item_id: str) -> None:
        """Removes an item's vector, if it has one."""
        row = self.catalogue.row(item_id)
        if row >= 0:
            self.statistics.content.drop(row)

    def vector(self, item_id: str) -> Floats | None:
        """The item's vector, [config.dim] of unit length, if it has one."""
        row = self.catalogue.row(item_id)
        has_one = row >= 0 and bool(self._vectors.present[row])
        return self._vectors.units[row].copy() if has_one else None

    def likeness(self, profile: Floats, item_ids: Sequence[str]) -> Floats:
        """The cosine of a direction, [config.dim] of unit length, and the vector of each item that has one."""
        rows = np.array([self.catalogue.row(item_id) for item_id in item_ids], np.int32)
        rows = rows[rows >= 0]
        found: Floats = self._vectors.units[rows[self._vectors.present[rows]]] @ profile
        return found

    def is_cold(self, item_id: str) -> bool:
        """Whether little is known of the item but its vector."""
        row = self.catalogue.row(item_id)
        return row < 0 or bool(self._vectors.seen[row] < COLD_BELOW)

    def profile(self, state: UserState) -> Floats:
        """The direction that items are compared with for the user: [config.dim] of unit length, or zero."""
        rows, history_s = history(seen_last(state), self.catalogue)
        found: Floats = profile_of(self._vectors, rows, lag_weights(history_s, GRAPH_LAG))
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
        histories = [seen_last(state) for state, _ in users]
        lists = self._explainer.explained(found, chosen, network, histories)
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
            factors(self.statistics.decays, self.statistics.clock.at(asked.now_s)),
            asked,
            *self._liked(asked),
            np.array(outside, np.int32),
            np.array(starts),
            self._popular(allowed) if wanted is None else self._most_had(allowed, FILTERED_LIMIT),
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
                allowed &= self._vectors.seen < COLD_BELOW
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

    def log(self, found: Candidates, listed: Best | None = None) -> ListLog:
        """The candidates of one list as they are now, to be learned from once it is known what was had.

        What is listed of them is found again where it is not given.
        """
        if self.network is None:
            listed = None
        elif listed is None:
            (listed,) = best(found, self.network, HEAD)
        hashes = self.catalogue.hashes[found.rows]
        return log_of(hashes, found.columns, found.means[0], found.requests[0], listed)

    def most_popular(self, k: int) -> list[str]:
        """Ids of what was had most of late, best first, for comparison: nothing is filtered."""
        return [self.catalogue.item_id(row) for row in self.statistics.recent.best(k).tolist()]

    def save(self) -> Saved:
        """Everything that is known, by names of the form part/array."""
        return as_part("catalogue/", self.catalogue.save()) | self.statistics.save()

    def load(self, saved: Saved) -> None:
        """Replaces everything by what a recommender of the same settings saved.

        Raises:
            ValueError: The snapshot has more items than there is room for.
        """
        self.catalogue.load(part_of(saved, "catalogue/"))
        self.statistics.load(saved)
        self._sum_categories()
        self._fold_count = 0

    def _forget(self, rows: Rows) -> None:
        self._new_items.forget()
        self.statistics.forget(rows)
        self.by_modality.forget(rows)

    def _sum_categories(self) -> None:
        self.statistics.repeats.sum_categories(self.catalogue.categories.slots, self.catalogue.end)

    def _liked(self, asked: Queries) -> tuple[Floats, NDArray[np.bool_]]:
        """[users, dim] what each is looked to like; [users] whether anything is learned and the history says it."""
        liked = np.zeros((len(asked.now_s), self.config.dim), np.float32)
        likes = np.zeros(len(liked), np.bool_)
        if self.taste is None:
            return liked, likes
        lengths = np.diff(asked.history_starts)
        users = np.repeat(np.arange(len(lengths)), lengths)
        entries = np.arange(len(users)) - asked.history_starts[users]  # of each history, the most recent is 0
        known = (asked.history >= 0) & self._vectors.present[asked.history] & (entries < HISTORY)
        counts = np.bincount(users[known], minlength=len(lengths))
        likes = counts > 0
        if likes.any():
            liked[likes] = self.taste.directions(self._vectors.units[asked.history[known]], counts[likes])
        return liked, likes

    def _chosen(
        self, found: Candidates, network: Network | None, count: int, arrangement: Arrangement
    ) -> list[Best]:
        """The best candidates in order, so that a longer list begins as a shorter one."""
        if not arrangement.diversity:
            return best(found, network, count)
        ranked = best(found, network, max(POOL_FACTOR * arrangement.places, count))
        users = (found.query(number) for number in range(len(ranked)))
        return [
            self.variety.arranged(of, found.rows[of.places], (user.had, user.frequency), count, arrangement)
            for of, user in zip(ranked, users, strict=True)
        ]

    def _explored(
        self,
        state: UserState,
        found: Candidates,
        number: int,
        chosen: Best,
        exclude: Collection[str],
        arrangement: Arrangement,
    ) -> list[RankedItem]:
        """New items that the list does not have; the same ones until the user does something."""
        outside = [self.catalogue.row(item_id) for item_id in self.outside(state, exclude)]
        taken = np.concatenate((np.array(outside, np.int32), found.rows[chosen.places]))
        slots = min(arrangement.explore, (min(len(chosen.places), arrangement.places) + 1) // 2)
        seed = zlib.crc32(f"{state.user_id}\0{state.applied_count}".encode())
        return self._new_items.explored(found.query(number), found.allowed, taken, slots, seed)

    def _popular(self, allowed: NDArray[np.bool_]) -> Rows:
        """Nothing, or what was had most of late of what is allowed, where most of what is known to be popular is not.

        Things that are sold once, and news, are gone when they are most popular.
        """
        top = self.statistics.recent.top
        if len(top) < TOP_LIMIT or 2 * np.count_nonzero(allowed[top]) >= TOP_LIMIT:
            return NO_ROWS
        return self._most_had(allowed & (self.statistics.recent.arrays.counts > 0), TOP_LIMIT)

    def _most_had(self, allowed: NDArray[np.bool_], limit: int) -> Rows:
        """At most `limit` of the rows that are allowed: what was had most of late."""
        rows = np.flatnonzero(allowed).astype(np.int32)
        if len(rows) > limit:
            counts = self.statistics.recent.arrays.counts[rows]
            rows = rows[np.argpartition(-counts, limit)[:limit]]
        return rows

    def _fill(
        self, hidden: Collection[str], allowed: NDArray[np.bool_], looked_at: int | None
    ) -> Iterator[RankedItem]:
        """Documented items that may be listed, the most recently put first, of so many that are looked at."""
        for row, item_id in islice(self.catalogue.newest(), looked_at):
            if allowed[row] and item_id not in hidden:
                yield RankedItem(item_id, 0.0, "trending", [])
