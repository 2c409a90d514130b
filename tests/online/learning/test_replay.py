from unittest.mock import patch

import numpy as np

from online.learning.replay import CAPACITY, ListReplay
from online.owners import NOBODY
from online.ranking.features import FEATURES
from online.ranking.list_log import CANDIDATES

RNG = np.random.default_rng(0)


def add(replay: ListReplay, mark: int, size: int = 3, owner: int = NOBODY) -> None:
    """A list with its mark in every feature; its last candidate was had."""
    had = np.zeros(size, np.bool_)
    had[-1] = True
    replay.add(np.full((size, FEATURES), mark, np.float32), had, owner)


def marks(replay: ListReplay, newest: int, replayed: int = 0, recent: int = CAPACITY) -> list[float]:
    features, _, _ = replay.draw(newest, replayed, recent, RNG)
    return [float(mark) for mark in features[:, 0, 0]]


def test_a_list_comes_back_as_it_was_and_the_rest_of_its_row_is_absent() -> None:
    replay = ListReplay()
    add(replay, 7)
    features, targets, absent = replay.draw(1, 0, CAPACITY, RNG)
    assert features.shape == (1, CANDIDATES, FEATURES)
    assert (features[0, :3] == 7).all()
    assert not features[0, 3:].any()
    assert np.flatnonzero(targets[0]).tolist() == [2]
    assert np.flatnonzero(~absent[0]).tolist() == [0, 1, 2]


def test_the_newest_come_first_then_any_that_are_kept() -> None:
    replay = ListReplay()
    for mark in range(1, 6):
        add(replay, mark)
    assert marks(replay, 2) == [5, 4]
    drawn = marks(replay, 1, 400)
    assert drawn[0] == 5
    assert set(drawn[1:]) == {1, 2, 3, 4, 5}


def test_others_can_be_of_the_last_few_only() -> None:
    with patch("online.learning.replay.CAPACITY", 4):
        replay = ListReplay()
        add(replay, 1)
        assert set(marks(replay, 1, 50, recent=2)) == {1}
        for mark in range(2, 7):
            add(replay, mark)
        assert set(marks(replay, 0, 200, recent=2)) == {5, 6}
        assert set(marks(replay, 0, 200, recent=9)) == {3, 4, 5, 6}


def test_the_oldest_go_first_and_leave_nothing() -> None:
    with patch("online.learning.replay.CAPACITY", 4):
        replay = ListReplay()
        for mark in range(1, 7):
            add(replay, mark, size=CANDIDATES if mark < 5 else 2)
        assert marks(replay, 4) == [6, 5, 4, 3]
        assert set(marks(replay, 0, 200)) == {3, 4, 5, 6}
        features, targets, absent = replay.draw(1, 0, CAPACITY, RNG)
    assert not features[0, 2:].any()
    assert np.flatnonzero(targets[0]).tolist() == [1]
    assert absent[0, 2:].all()


def test_what_is_forgotten_is_nowhere_and_the_others_keep_their_order() -> None:
    with patch("online.learning.replay.CAPACITY", 4):
        replay = ListReplay()
        for mark, owner in enumerate([7, 8, 7, 9, 7, 8], 1):
            add(replay, mark, owner=owner)
        assert replay.forget([7, 5]).tolist() == [7, 0, 7, 0]
        assert not replay.holds(7)
        assert replay.holds(8)
        assert marks(replay, 2) == [6, 4]
        assert set(marks(replay, 0, 200)) == {4, 6}
        add(replay, 9, owner=7)
        assert marks(replay, 3) == [9, 6, 4]
        assert replay.forget([1]).tolist() == [0, 0, 0]


def test_a_full_replay_forgets_its_newest_and_its_oldest() -> None:
    with patch("online.learning.replay.CAPACITY", 3):
        replay = ListReplay()
        for mark in range(1, 6):
            add(replay, mark, owner=mark)
        replay.forget([3, 5])
        assert marks(replay, 1) == [4]
        features, _, _ = replay.draw(0, 50, CAPACITY, RNG)
        assert not np.isin(features[:, 0, 0], [3, 5]).any()
