"""Freshet itself as a method: the very user state and recommender that serve, without Kafka."""

from collections import deque
from collections.abc import Callable, Collection
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.replayed import event_at
from online.evaluation.stream import IntArray, Stream
from online.evaluation.timeline import Timeline
from online.events import Cursor, Example, ExampleSet, ListLog
from online.fusion.learner import FusionLearner
from online.fusion.serving import learn_and_serve
from online.item import Item
from online.learning.drift_response import DriftResponse
from online.ranking.candidates import Best, Candidates, best, chances
from online.ranking.diversity import Diversifier
from online.ranking.list_log import sampled
from online.ranking.network import Network
from online.recommender import Recommender
from online.state import SET_DECAY, UserState
from online.statistics.base import Floats, Rows

COLD_DEPTH = 2_000
"""How far down its list cold items are looked for when they are ranked among themselves."""


class Ranks(Protocol):
    """What learns to rank, as `RankingLearner`."""

    @property
    def drift(self) -> DriftResponse:
        """What it noticed of drift."""

    @property
    def step_count(self) -> int:
        """Steps made so far."""

    def learn(self, log: ListLog, item_ids: Collection[str], now_ms: int, user_id: str = "") -> None:
        """Takes a list of the user and the items that were then had."""

    def network(self) -> Network | None:
        """What to serve with, if anything."""


class Serving:
    """Drives `UserState.apply`, `Recommender` and `RankingLearner` as the workers do.

    Lists and learning keep states of their own where either is delayed: then the user that a list sees is not the
    user that the learner sees.
    """

    def __init__(
        self,
        recommender: Recommender,
        ranking: Ranks | None,
        fusion: FusionLearner | None,
        stream: Stream,
        timeline: Timeline,
        *,
        is_delayed: bool,
        vector: Callable[[str], Floats | None] = lambda _: None,
    ) -> None:
        """A new one; `vector` is asked for that of each item when the item comes."""
        self._recommender, self._stream, self._timeline = recommender, stream, timeline
        self._code_of = {item_id: code for code, item_id in enumerate(stream.item_ids)}
        set_users = timeline.users[timeline.set_start[:-1]]
        self._sets = np.argsort(set_users, kind="stable")
        self._first_set = np.searchsorted(set_users[self._sets], np.arange(len(stream.user_ids) + 1))
        self._learning: dict[int, UserState] = {}
        self._listing = {} if is_delayed else self._learning
        self._applied: dict[int, int] = {}
        self._ranking, self._fusion = ranking, fusion
        self._served_steps = 0
        self._logs: dict[tuple[int, int], ListLog] = {}
        """Of lists whose set has yet to be learned, by user and time."""
        self._vector = vector
        self._coming = deque(sorted(stream.catalogue, key=self._arrives_ms))
        """Items that have yet to come, the next one first."""
        self._arrive(0)

    @property
    def drift_alarm_count(self) -> int:
        """How often the ranking was found to get worse all of a sudden."""
        return 0 if self._ranking is None else self._ranking.drift.alarm_count

    def _arrives_ms(self, item_id: str) -> int:
        return self._stream.catalogue[item_id].arrives_ms

    def _arrive(self, now_ms: int) -> None:
        while self._coming and self._arrives_ms(self._coming[0]) <= now_ms:
            item_id = self._coming.popleft()
            text = self._stream.catalogue[item_id]
            category = text.categories[0] if text.categories else ""
            self._recommender.put_item(Item(item_id, text.title, category, list(text.categories[1:])))
            vector = self._vector(item_id)
            if vector is not None:
                self._recommender.put_vector(item_id, vector)

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The list as the recommend worker would make it now; the state notes it as the one that stands."""
        self._arrive(view.now_ms)
        state = self._listing.get(view.user)
        if state is None:
            state = self._listing[view.user] = UserState(self._stream.user_ids[view.user])
        if self._listing is not self._learning:
            self._catch_up(state, view)
        found = self._recommender.candidates(state, now_ms=view.now_ms, wall_ms=view.now_ms)
        (listed,) = best(found, self._recommender.network, COLD_DEPTH if view.is_cold_only else k)
        if view.is_cold_only:
            items, scores = self._items(found, listed), listed.scores.astype(np.float64)
            keep = ~view.hidden[items]
            return Ranked(items[keep][:k], scores[keep][:k])
        if self._ranking is not None:
            self._logs[view.user, view.now_ms] = self._recommender.log(found, listed)
        return self._ranked(state, found, listed)

    def published(self, user: int, now_ms: int, k: int) -> Ranked:
        """As the recommend worker publishes it, for a user who has had something."""
        state = self._learning[user]
        found = self._recommender.candidates(state, now_ms=now_ms, wall_ms=now_ms)
        (listed,) = best(found, self._recommender.network, k)
        return self._ranked(state, found, listed)

    def _ranked(self, state: UserState, found: Candidates, listed: Best) -> Ranked:
        """A list as the evaluator takes it; the state notes it as the one that stands."""
        items, scores = self._items(found, listed), listed.scores.astype(np.float64)
        state.published([self._stream.item_ids[item] for item in items.tolist()])
        return Ranked(items, scores, chances(listed.scores, self._recommender.network).astype(np.float64))

    def _items(self, found: Candidates, listed: Best) -> IntArray:
        """The codes of a list's items."""
        ids = map(self._recommender.catalogue.item_id, found.rows[listed.places].tolist())
        return np.array([self._code_of[item_id] for item_id in ids], dtype=np.int32)

    def varied(
        self, view: UserView, ranked: Ranked, k: int, dial: float, diversifier: Diversifier
    ) -> NDArray[np.int64]:
        """Which k of a list's places make it varied, as `Variety.varied`."""
        rows, had = self._rows(ranked.items), self._had(view)
        return self._recommender.variety.varied(
            rows, ranked.scores.astype(np.float32), had, k, dial, diversifier
        )

    def miscalibration(self, view: UserView, items: IntArray) -> float | None:
        """How far a list's kinds are from those of what the user had, as `Variety.miscalibration`."""
        return self._recommender.variety.miscalibration(self._rows(items), self._had(view))

    def _had(self, view: UserView) -> tuple[Rows, Floats]:
        weights = SET_DECAY ** (view.set_count - 1.0 - view.history_sets)
        return self._rows(view.history), weights.astype(np.float32)

    def _rows(self, items: IntArray) -> Rows:
        row, ids = self._recommender.catalogue.row, self._stream.item_ids
        return np.array([row(ids[item]) for item in items.tolist()], np.int32)

    def learn(self, taken: Taken) -> None:
        """Applies the set's events to the user's state, learns from the list that stood, and folds the examples."""
        self._arrive(taken.view.now_ms)
        user = taken.view.user
        state = self._learning.get(user)
        if state is None:
            state = self._learning[user] = UserState(self._stream.user_ids[user])
        log = self._log(state, taken.view) if self._ranking is not None else None
        examples = self._apply(state, taken.first_event, taken.end_event)
        if self._ranking is not None and log is not None:
            item_ids = [example.item_id for example in examples]
            self._ranking.learn(
                sampled(log, item_ids, taken.first_event), item_ids, taken.view.now_ms, state.user_id
            )
            if self._ranking.step_count > self._served_steps:
                self._served_steps = self._ranking.step_count
                self._recommender.network = self._ranking.network()
        first = examples[0]
        example_set = ExampleSet(
            first.user_id, first.timestamp_ms, first.history or [], first.standing or [], examples
        )
        self._recommender.fold(example_set)
        if self._fusion is not None:
            learn_and_serve(self._fusion, example_set, self._recommender)

    def _log(self, state: UserState, view: UserView) -> ListLog:
        """Of the list that was made for the set; where none was, of the one that would have been."""
        log = self._logs.pop((view.user, view.now_ms), None)
        if log is None:
            found = self._recommender.candidates(state, now_ms=view.now_ms, wall_ms=view.now_ms)
            log = self._recommender.log(found)
        return log

    def _catch_up(self, state: UserState, view: UserView) -> None:
        first = int(self._first_set[view.user])
        for place in range(first + self._applied.get(view.user, 0), first + view.set_count):
            start, end = self._timeline.set_start[self._sets[place] :][:2]
            self._apply(state, int(start), int(end))
        self._applied[view.user] = view.set_count

    def _apply(self, state: UserState, first_event: int, end_event: int) -> list[Example]:
        cursors = (Cursor("replay", 0, place, 0) for place in range(first_event, end_event))
        examples = (state.apply(event_at(self._stream, self._timeline, cursor)) for cursor in cursors)
        return [example for example in examples if example is not None]
