import numpy as np
import pytest

from online.fusion.own import BELIEF_RATE, HALF_BELIEVED, LOST, MOST, OwnParts
from online.statistics.base import Rows

RATE, DIM = 0.01, 4
OFTEN = 100_000


def own_parts() -> OwnParts:
    """Of items that were had so often that all of their parts is believed."""
    own = OwnParts(8, DIM, RATE)
    own.count(np.repeat(np.arange(8, dtype=np.int32), OFTEN))
    return own


def rows_of(*rows: int) -> Rows:
    return np.array(rows, np.int32)


def test_a_part_moves_against_its_gradient_by_the_rate_whatever_its_size() -> None:
    own = own_parts()
    gradient = np.array([[1.0, -1, 1, -1], [1e-4, 1e-4, -1e-4, -1e-4]], np.float32)
    own.learn(rows_of(2, 5), gradient, RATE, 0)
    np.testing.assert_allclose(own.of(rows_of(2, 5), 0), -RATE * np.sign(gradient), rtol=2e-3)
    assert not own.of(rows_of(0, 1, 3, 4, 6, 7), 0).any()
    np.testing.assert_array_equal(own.learned(np.arange(8, dtype=np.int32)), [2, 5])


def test_what_is_not_confirmed_is_lost() -> None:
    own = own_parts()
    own.learn(rows_of(3), np.ones((1, DIM), np.float32), RATE, 0)
    first = own.of(rows_of(3), 0)
    np.testing.assert_allclose(own.of(rows_of(3), 10), first * (1 - LOST * RATE) ** 10, rtol=1e-5)
    own.learn(rows_of(3), np.zeros((1, DIM), np.float32), RATE, 10)
    np.testing.assert_allclose(own.of(rows_of(3), 10), first * (1 - LOST * RATE) ** 10, rtol=1e-5)


def test_an_item_without_any_gradient_stays_as_it_is() -> None:
    own = own_parts()
    own.learn(rows_of(1), np.zeros((1, DIM), np.float32), RATE, 0)
    assert not own.of(rows_of(1), 0).any()
    assert len(own.learned(rows_of(1))) == 0


def test_a_part_is_believed_as_far_as_the_item_was_had_often() -> None:
    own, whole = OwnParts(8, DIM, RATE), own_parts()
    for learner in (own, whole):
        learner.learn(rows_of(1, 2), np.ones((2, DIM), np.float32), RATE, 0)
    assert not own.of(rows_of(1, 2), 0).any()
    own.count(rows_of(*[1] * int(HALF_BELIEVED), *[2] * 2))
    shares = own.of(rows_of(1, 2), 0) / whole.of(rows_of(1, 2), 0)
    np.testing.assert_allclose(shares[:, 0], [0.5, 2 / (2 + HALF_BELIEVED)], rtol=1e-3)


@pytest.mark.parametrize(("towards", "last"), [(-1.0, 1.0), (1.0, MOST)])
def test_parts_are_believed_further_where_they_tell_what_was_not_learned(towards: float, last: float) -> None:
    own = OwnParts(8, DIM, RATE)
    own.learn(rows_of(1, 2), np.ones((2, DIM), np.float32), RATE, 0)
    own.count(rows_of(1, 1, 2))
    parts = own.of(rows_of(1, 2), 0)
    own.believe(rows_of(1, 2), towards * parts, 0)  # a loss that falls, or grows, along the parts
    assert own.half_believed == pytest.approx(HALF_BELIEVED * np.exp(towards * BELIEF_RATE))
    assert (np.abs(own.of(rows_of(1, 2), 0)) > np.abs(parts)).all() == (towards < 0)
    for _ in range(2_000):
        own.believe(rows_of(1, 2), towards * parts, 0)
    assert own.half_believed == last


def test_items_of_which_nothing_is_learned_say_nothing_of_how_far_to_believe() -> None:
    own = OwnParts(8, DIM, RATE)
    own.believe(rows_of(1, 2), np.ones((2, DIM), np.float32), 0)
    assert own.half_believed == HALF_BELIEVED


def test_a_row_that_another_item_takes_has_nothing() -> None:
    own = own_parts()
    own.learn(rows_of(1, 2), np.ones((2, DIM), np.float32), RATE, 5)
    own.forget(rows_of(1))
    assert not own.of(rows_of(1), 5).any()
    assert own.of(rows_of(2), 5).all()


def test_what_is_saved_is_taken_back_for_the_items_that_are_left() -> None:
    first, second = own_parts(), own_parts()
    first.learn(rows_of(1, 2), np.ones((2, DIM), np.float32), RATE, 0)
    second.learn(rows_of(7), np.ones((1, DIM), np.float32), RATE, 0)
    first.believe(rows_of(1, 2), np.ones((2, DIM), np.float32), 3)
    second.load(first.save(rows_of(1, 2), 6), rows_of(-1, 0), 6)
    assert second.half_believed == first.half_believed != HALF_BELIEVED
    np.testing.assert_array_equal(second.of(rows_of(0), 6), first.of(rows_of(2), 6))
    assert not second.of(rows_of(1, 2, 7), 6).any()
    for own, row in ((first, 2), (second, 0)):
        own.learn(rows_of(row), np.full((1, DIM), 2.0, np.float32), RATE, 9)
    np.testing.assert_allclose(second.of(rows_of(0), 9), first.of(rows_of(2), 9), rtol=1e-5)
