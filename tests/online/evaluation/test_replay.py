"""What the prequential loop lets a method see."""

import numpy as np
import pytest

from online.evaluation.methods import Ranked, Taken, UserView
from online.evaluation.replay import Delays, Replay
from online.evaluation.timeline import Ties, timeline
from tests.online.evaluation.streams import random_baskets


class Seeing:
    """Lists nothing and notes the views that it is asked with."""

    def __init__(self) -> None:
        self.views: list[UserView] = []

    def recommend(self, view: UserView, k: int) -> Ranked:
        if not view.is_cold_only:
            self.views.append(view)
        return Ranked(np.zeros(0, np.int32), np.zeros(0))

    def learn(self, taken: Taken) -> None:
        pass


@pytest.mark.parametrize("ties", ["set", "shuffle"])
@pytest.mark.parametrize("late_events", [1, 2, 3, 20])
def test_a_late_history_has_all_of_the_sets_that_are_so_old_and_nothing_of_others(
    ties: Ties, late_events: int
) -> None:
    line = timeline(random_baskets(3), ties, "allow", 0.0, seed=0)
    seeing = Seeing()
    delays = Delays(history_events=late_events)
    Replay(line, 60, "allow", delays, lambda: 0.0).run(seeing, lambda _done: None)
    assert len(seeing.views) == line.set_count
    for view, start in zip(seeing.views, line.set_start[:-1], strict=True):
        is_known = (line.users == view.user) & (line.set_start[line.set_of + 1] <= start - late_events)
        assert view.history.tolist() == line.items[is_known & line.is_distinct].tolist()
        assert view.set_count == len(np.unique(line.set_of[is_known]))
