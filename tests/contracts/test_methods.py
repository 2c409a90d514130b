"""What every method owes the evaluator, whatever it does."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online.evaluation.baselines import BASELINES
from online.evaluation.implicit_als import ImplicitAls
from online.evaluation.methods import Method, Ranked, Taken, UserView
from online.evaluation.replay import Delays, Replay
from online.evaluation.timeline import Repeats, Ties, timeline
from tests.online.evaluation.events import view
from tests.online.evaluation.streams import random_baskets

MAKERS: Mapping[str, Callable[[int], Method]] = {
    **BASELINES,
    # As it is it would wait for more events than these streams have.
    "implicit_als": lambda items: ImplicitAls(items, refit_events=40),
}
ITEM_COUNT = 60


class Watched:
    """Lets a method work, and checks each of its lists."""

    def __init__(self, method: Method, item_count: int) -> None:
        self._method = method
        self._is_known = np.zeros(item_count, dtype=np.bool_)
        self.lists: list[Ranked] = []

    def recommend(self, view: UserView, k: int) -> Ranked:
        hidden = view.hidden.copy()
        ranked = self._method.recommend(view, k)
        assert len(ranked.items) == len(ranked.scores) <= k
        assert len(set(ranked.items.tolist())) == len(ranked.items)
        assert not hidden[ranked.items].any()
        assert (view.hidden == hidden).all()
        assert self._is_known[ranked.items].all()
        assert np.isfinite(ranked.scores).all()
        assert (np.diff(ranked.scores) <= 0.0).all()
        self.lists.append(ranked)
        return ranked

    def learn(self, taken: Taken) -> None:
        self._method.learn(taken)
        self._is_known[taken.items] = True


def learned(name: str, seed: int = 1) -> Method:
    """A method that has learned a stream of baskets of six users."""
    line = timeline(random_baskets(seed), "set", "allow", 0.9, seed=0)
    method = MAKERS[name](ITEM_COUNT)
    Replay(line, ITEM_COUNT, "allow", Delays(), lambda: 0.0).run(method, lambda _done: None)
    return method


def listed(name: str, seed: int, repeats: Repeats, ties: Ties) -> list[list[int]]:
    stream = random_baskets(seed)
    line = timeline(stream, ties, repeats, 0.2, seed=0)
    watched = Watched(MAKERS[name](len(stream.item_ids)), len(stream.item_ids))
    Replay(line, len(stream.item_ids), repeats, Delays(), lambda: 0.0).run(watched, lambda _done: None)
    return [ranked.items.tolist() for ranked in watched.lists]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("ties", ["set", "shuffle"])
@pytest.mark.parametrize("repeats", ["allow", "hide"])
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_lists_are_sound_and_the_same_every_time(name: str, ties: Ties, repeats: Repeats, seed: int) -> None:
    lists = listed(name, seed, repeats, ties)
    assert any(lists)
    assert listed(name, seed, repeats, ties) == lists


@pytest.mark.parametrize("name", MAKERS)
def test_before_the_first_event_there_is_nothing_to_list(name: str) -> None:
    assert MAKERS[name](ITEM_COUNT).recommend(view(0, [], ITEM_COUNT), 10).items.tolist() == []


@pytest.mark.parametrize("name", MAKERS)
def test_an_unknown_user_gets_a_list(name: str) -> None:
    method = learned(name)
    for user in (6, 1_000):
        assert len(method.recommend(view(user, [], ITEM_COUNT), 5).items) > 0


@pytest.mark.parametrize("name", MAKERS)
def test_a_list_changes_no_later_list(name: str) -> None:
    method = learned(name)
    had = [[3], [1, 2], [3]]
    views = [view(7, [], ITEM_COUNT), view(2, had, ITEM_COUNT), view(2, had, ITEM_COUNT, hidden=(1, 2, 3, 8))]
    first, second = ([method.recommend(known, 10).items.tolist() for known in views] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_all_hidden_leaves_nothing(name: str) -> None:
    ranked = learned(name).recommend(view(2, [[3], [1]], ITEM_COUNT, hidden=tuple(range(ITEM_COUNT))), 10)
    assert ranked.items.tolist() == []
