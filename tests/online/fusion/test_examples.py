import numpy as np
import pytest

from online.fusion.examples import CAPACITY, LOOKED_AT, Examples, Frequencies, looked_at
from online.fusion.taste import HISTORY


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def test_the_newest_come_first_and_the_oldest_make_room() -> None:
    examples = Examples()
    for item in range(CAPACITY + 10):
        examples.add(rows(item + 1), item, liked=item % 2 == 0)
    drawn = examples.draw(3, 5_000, np.random.default_rng(0))
    assert drawn.items[:3].tolist() == [CAPACITY + 9, CAPACITY + 8, CAPACITY + 7]
    assert drawn.newest == 3
    assert drawn.items.min() >= 10
    assert (drawn.history[:, 0] == drawn.items + 1).all()
    assert (drawn.liked == (drawn.items % 2 == 0)).all()


def test_a_long_history_is_cut_and_a_short_one_filled_up() -> None:
    examples = Examples()
    examples.add(np.arange(100, dtype=np.int32), 1, liked=True)
    examples.add(rows(7), 2, liked=True)
    short, long = examples.draw(2, 0, np.random.default_rng(0)).history
    assert short.tolist() == [7] + [-1] * (HISTORY - 1)
    assert long.tolist() == list(range(HISTORY))


def test_forgotten_rows_are_no_examples_and_in_no_history() -> None:
    examples = Examples()
    examples.add(rows(1, 2), 3, liked=True)
    examples.add(rows(1, 3), 2, liked=True)
    examples.forget(rows(3))
    drawn = examples.draw(2, 0, np.random.default_rng(0))
    assert drawn.items.tolist() == [2]
    assert drawn.newest == 1
    assert drawn.history[0, :2].tolist() == [1, -1]


def had_before(examples: Examples, newest: int, candidates: int) -> list[list[int]]:
    """What each example's user had before, the newest example first."""
    drawn = examples.draw(newest, 0, np.random.default_rng(0))
    found = examples.had_before(drawn, np.arange(candidates, dtype=np.int32))
    return [np.flatnonzero(of_one).tolist() for of_one in found]


def test_had_before_is_what_the_history_has_and_what_older_examples_of_the_owner_say() -> None:
    examples = Examples()
    examples.add(rows(9), 1, liked=True, owner=5)
    examples.add(rows(9), 2, liked=False, owner=5)  # refused, not had
    examples.add(rows(9), 3, liked=True, owner=6)  # another's
    examples.add(rows(), 4, liked=True, owner=5)
    examples.add(rows(8), 1, liked=True, owner=5)  # once more
    examples.add(rows(8), 6, liked=True, owner=5)
    assert had_before(examples, 3, 12) == [[1, 4, 8], [1, 4, 8], [1]]


def test_examples_of_nobody_say_nothing_of_one_another() -> None:
    examples = Examples()
    examples.add(rows(9), 1, liked=True)
    examples.add(rows(8), 2, liked=True)
    assert had_before(examples, 1, 12) == [[8]]


def test_had_before_is_right_when_the_oldest_made_room_and_when_users_and_items_are_forgotten() -> None:
    examples = Examples()
    for item in range(CAPACITY + 10):
        examples.add(rows(), item, liked=True, owner=1 + item % 2)
    (had,) = had_before(examples, 1, CAPACITY + 10)
    assert had == list(range(11, CAPACITY + 9, 2))
    examples.forget(rows(11))
    (had,) = had_before(examples, 1, CAPACITY + 10)
    assert had == list(range(13, CAPACITY + 9, 2))
    examples.forget_user(2)
    examples.add(rows(7), 3, liked=True, owner=2)
    assert had_before(examples, 1, 12) == [[7]]


def test_all_of_a_short_history_is_looked_at_and_a_lot_of_a_long_one() -> None:
    history = np.full((2, HISTORY), -1, np.int32)
    history[0, :3] = (5, 6, 7)
    history[1] = np.arange(HISTORY)
    seen = np.zeros(HISTORY, np.bool_)
    rng = np.random.default_rng(0)
    for _ in range(50):
        short, long = looked_at(history, rng)
        assert sorted(short[short >= 0].tolist()) == [5, 6, 7]
        assert len(set(long.tolist())) == LOOKED_AT
        seen[long] = True
    assert seen.all()


def test_frequencies_forget_and_never_overflow() -> None:
    frequencies = Frequencies(4, kept=0.9)
    frequencies.add([0] * 1_000)
    frequencies.add([1] * 5_000)
    shares = frequencies.shares(rows(0, 1, 2))
    assert np.isfinite(shares).all()
    assert shares[0] == pytest.approx(shares[2], rel=1e-3)
    assert shares[1] > 0.9
    frequencies.forget(rows(1))
    assert frequencies.shares(rows(1))[0] == pytest.approx(shares[2])


def test_a_forgotten_users_examples_are_gone_and_others_stay() -> None:
    examples = Examples()
    examples.add(rows(1, 2), 3, liked=True, owner=7)
    examples.add(rows(4), 5, liked=True, owner=8)
    assert examples.forget_user(7) == 1
    assert (examples.holds(7), examples.holds(8)) == (False, True)
    drawn = examples.draw(2, 50, np.random.default_rng(0))
    assert set(drawn.items.tolist()) == {5}
    assert set(drawn.history.ravel().tolist()) == {4, -1}
