"""Test, then learn: the prequential loop (Dawid, 1984; Gama et al., 2013).

Each set is first compared with the list that the method makes without it and then learned. What comes out is not
a figure yet but the rank of every target and every list's head; `measures` makes figures of them.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from online.evaluation.judge import MISSED, Judge
from online.evaluation.methods import Method, Taken, UserView
from online.evaluation.stream import BoolArray, FloatArray, IntArray, LongArray
from online.evaluation.timeline import Repeats, Timeline

LIST_LENGTH = 100
HEAD_LENGTH = 10
COLD_BELOW = 5
"""An item with fewer earlier events is cold."""
NO_ITEM = -1


@dataclass(frozen=True)
class Delays:
    """How late the method learns what happened, in events of the whole stream."""

    history_events: int = 0
    """Lists are made with the user's history as it stood that many events ago, in whole sets."""
    weights_events: int = 0
    """A set is learned only that many events later."""


@dataclass(frozen=True)
class Outcome:
    """What one method's lists were worth, target by target."""

    ranks: IntArray
    """[events], the target's rank in the list, MISSED where the list lacks it and where the event is no target."""
    cold_ranks: IntArray
    """[events], of targets that are cold items: the rank in a list of cold items only."""
    heads: IntArray
    """[sets, HEAD_LENGTH], the lists' first items; NO_ITEM where they end, and in sets that weren't scored."""
    novelty: FloatArray
    """[sets], mean self-information of the list's head in bits; 0 in sets that weren't scored."""
    scores: FloatArray
    """[sets, HEAD_LENGTH], of the heads, where the method gave chances; else not a number."""
    chances: FloatArray
    """[sets, HEAD_LENGTH], as the scores."""
    seconds: float
    """What the method took to recommend and learn; the evaluator's own work and the cold lists are not in it."""


class Replay:
    """One pass of one method over a timeline."""

    def __init__(
        self,
        timeline: Timeline,
        item_count: int,
        repeats: Repeats,
        delays: Delays,
        clock: Callable[[], float],
    ) -> None:
        """Prepares a pass.

        Args:
            timeline: What to replay.
            item_count: Items there are.
            repeats: With "hide", items that the user had are hidden.
            delays: What the method knows late.
            clock: Seconds that this thread has worked, for the method's speed.
        """
        self._timeline, self._repeats, self._delays, self._clock = timeline, repeats, delays, clock
        self._judge = Judge(item_count)
        self._hidden: BoolArray = np.zeros(item_count, dtype=np.bool_)
        self._counts = np.zeros(item_count, dtype=np.int64)
        self._seconds = 0.0
        event_count = len(timeline.users)
        self._ranks = np.full(event_count, MISSED, dtype=np.int32)
        self._cold_ranks = np.full(event_count, MISSED, dtype=np.int32)
        self._heads = np.full((timeline.set_count, HEAD_LENGTH), NO_ITEM, dtype=np.int32)
        self._novelty = np.zeros(timeline.set_count)
        self._scores = np.full(self._heads.shape, np.nan)
        self._chances = np.full(self._heads.shape, np.nan)

    def run(self, method: Method, progress: Callable[[int], None]) -> Outcome:
        """Replays everything; `progress` is told the events done."""
        starts = self._timeline.set_start
        waiting: deque[int] = deque()
        for number in range(self._timeline.set_count):
            while waiting and starts[waiting[0] + 1] + self._delays.weights_events <= starts[number]:
                self._learn(method, waiting.popleft())
            if self._timeline.is_scored[number]:
                self._test(method, number)
            waiting.append(number)
            self._count(number)
            if number % 64 == 0:
                progress(int(starts[number]))
        for number in waiting:
            self._learn(method, number)
        progress(int(starts[-1]))
        return Outcome(
            self._ranks,
            self._cold_ranks,
            self._heads,
            self._novelty,
            self._scores,
            self._chances,
            self._seconds,
        )

    def _test(self, method: Method, number: int) -> None:
        start, end = self._timeline.set_start[number : number + 2]
        events = start + np.flatnonzero(self._timeline.is_target[start:end])
        if not len(events):
            return
        own = self._view(number).history
        if self._repeats == "hide":
            self._hidden[own] = True
        view = self._view(number, self._delays.history_events)
        began = self._clock()
        ranked = method.recommend(view, LIST_LENGTH)
        self._seconds += self._clock() - began
        self._ranks[events] = self._judge.ranks(ranked, self._timeline.items[events])
        head = ranked.items[:HEAD_LENGTH]
        self._heads[number, : len(head)] = head
        self._novelty[number] = self._self_information(head, start)
        if ranked.chances is not None:
            self._scores[number, : len(head)] = ranked.scores[:HEAD_LENGTH]
            self._chances[number, : len(head)] = ranked.chances[:HEAD_LENGTH]
        self._test_cold(method, view, events)
        self._hidden[own] = False

    def _test_cold(self, method: Method, view: UserView, events: LongArray) -> None:
        events = events[self._timeline.earlier_count[events] < COLD_BELOW]
        if len(events):
            among_cold = replace(view, hidden=view.hidden | (self._counts >= COLD_BELOW), is_cold_only=True)
            ranked = method.recommend(among_cold, LIST_LENGTH)
            self._cold_ranks[events] = self._judge.ranks(ranked, self._timeline.items[events])

    def _self_information(self, head: IntArray, event_count: int) -> float:
        """Mean of -log2 p, p = (earlier events of the item + 1) / (all earlier events + items)."""
        if not len(head):
            return 0.0
        shares = (self._counts[head] + 1) / (event_count + len(self._counts))
        return float(-np.log2(shares).mean())

    def _learn(self, method: Method, number: int) -> None:
        start, end = (int(place) for place in self._timeline.set_start[number : number + 2])
        distinct = start + np.flatnonzero(self._timeline.is_distinct[start:end])
        taken = Taken(
            view=self._view(number),
            items=self._timeline.items[distinct],
            is_new=self._timeline.is_new[distinct],
            values=self._timeline.values[distinct],
            first_event=start,
            end_event=end,
        )
        began = self._clock()
        method.learn(taken)
        self._seconds += self._clock() - began

    def _count(self, number: int) -> None:
        start, end = self._timeline.set_start[number : number + 2]
        np.add.at(self._counts, self._timeline.items[start:end], 1)

    def _view(self, number: int, late_events: int = 0) -> UserView:
        histories, set_start = self._timeline.histories, self._timeline.set_start
        start = set_start[number]
        user = int(self._timeline.users[start])
        first, end = histories.user_start[user], histories.end_before[number]
        if late_events:
            # A set is known once all of it is so old, as it is learned: Freshet's states take no part of one.
            ends = set_start[self._timeline.set_of[histories.event[first:end]] + 1]
            end = first + np.searchsorted(ends, start - late_events, side="right")
        return UserView(
            user=user,
            now_ms=int(self._timeline.event_ms[start]),
            history=histories.items[first:end],
            history_sets=histories.set_ordinal[first:end],
            set_count=int(histories.set_ordinal[end - 1]) + 1 if end > first else 0,
            hidden=self._hidden,
        )
