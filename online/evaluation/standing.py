"""Freshet's lists as they stand when their user comes: made at the user's last event, and again once they are old."""

import heapq

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.replay import LIST_LENGTH
from online.evaluation.serving import Serving


class StandingLists:
    """Makes lists when the recommend worker publishes them, and not when they are looked at.

    What a list that is made on request knows more is what others did in between, and how long the user was away.
    """

    def __init__(self, serving: Serving, refresh_ms: float) -> None:
        """With `math.inf` a list stands until its user's next event, however old."""
        self._serving, self._refresh_ms = serving, refresh_ms
        self._lists: dict[int, Ranked] = {}
        """By user."""
        self._due: list[tuple[float, int]] = []
        """When a list is too old, and whose; the soonest first, and those out of date that an event has replaced."""
        self._due_ms: dict[int, float] = {}
        """By user, when the list that stands is."""

    def recommend(self, view: UserView, k: int) -> Ranked:
        """The list that stands; for who has none, and for cold items alone, one that is made now."""
        ranked = self._lists.get(view.user)
        if ranked is None or view.is_cold_only:
            return self._serving.recommend(view, k)
        return Ranked(
            ranked.items[:k], ranked.scores[:k], None if ranked.chances is None else ranked.chances[:k]
        )

    def learn(self, taken: Taken) -> None:
        """Makes again what has become too old meanwhile, learns the set, and makes its user's list."""
        now_ms = taken.view.now_ms
        while self._due and self._due[0][0] <= now_ms:
            due_ms, user = heapq.heappop(self._due)
            if due_ms == self._due_ms[user]:
                self._make(user, int(due_ms))
        self._serving.learn(taken)
        self._make(taken.view.user, now_ms)

    def _make(self, user: int, now_ms: int) -> None:
        self._lists[user] = self._serving.published(user, now_ms, LIST_LENGTH)
        self._due_ms[user] = now_ms + self._refresh_ms
        heapq.heappush(self._due, (self._due_ms[user], user))
