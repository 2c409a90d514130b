from typing import Any

import numpy as np
import pytest

from online.fusion.examples import LOOKED_AT, Drawn
from online.fusion.losses import sampled_softmax
from online.fusion.model import Model
from online.fusion.step import Compared, Gradients, gradients
from online.fusion.taste import HISTORY
from online.fusion.tower import WIDTH, Common, Made
from online.statistics.base import Floats

ITEMS, EXAMPLES, DIM = 12, 6, 8
STEP = 1e-2


class World:
    """Some items, all of them candidates, and what was had after what."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.model = Model(1, DIM, 2, 3, "concatenation")
        self.model.begin(rng)
        axes = rng.normal(0, 0.1, (1, *self.model.common.axes.shape[1:])).astype(np.float32)
        self.model.common = Common(np.zeros((1, WIDTH), np.float32), axes)
        self.media = rng.normal(0, 1, (ITEMS, WIDTH)).astype(np.float32)
        self.own = rng.normal(0, 0.3, (ITEMS, DIM)).astype(np.float32)
        self.history = np.full((EXAMPLES, HISTORY), -1, np.int32)
        self.history[:, :4] = rng.integers(0, ITEMS, (EXAMPLES, 4))
        self.items = rng.integers(0, ITEMS, EXAMPLES).astype(np.int32)
        self.liked = np.array([True, True, False, True, False, True])
        self.excluded = (self.history[:, :, None] == np.arange(ITEMS)).any(axis=1)

    def gradients(self, newest: int) -> Gradients:
        rows = np.arange(ITEMS, dtype=np.int32)
        items = np.concatenate((self.items, rows))
        rest = np.full(len(items), 0.05, np.float32)
        made = self.model.vectors(
            Made([0], [(np.arange(ITEMS), self.media)], np.ones((ITEMS, 1), np.bool_), self.own)
        )
        nobody = np.zeros(EXAMPLES, np.uint64)
        drawn = Drawn(self.history, self.items, self.liked, newest, np.arange(EXAMPLES), nobody)
        compared = Compared(items, rows, items.astype(np.intp), rest, np.log(rest), self.excluded)
        return gradients(self.model, made, compared, drawn, self.history[:, :LOOKED_AT], made.units)


def test_own_parts_learn_from_all_examples_and_are_believed_by_the_newest_alone() -> None:
    world = World()
    none, every = world.gradients(0), world.gradients(EXAMPLES)
    assert not none.own_of_newest.any()
    np.testing.assert_array_equal(every.own_of_newest, every.own)
    np.testing.assert_array_equal(none.own, every.own)
    np.testing.assert_array_equal(none.weights, every.weights)


def test_what_the_newest_say_is_what_they_would_say_alone() -> None:
    world = World()
    some, every = world.gradients(2), world.gradients(EXAMPLES)
    world.history, world.items, world.liked, world.excluded = (
        np.roll(part, -2, axis=0) for part in (world.history, world.items, world.liked, world.excluded)
    )
    others = world.gradients(EXAMPLES - 2)
    assert some.own_of_newest.any()
    np.testing.assert_allclose(some.own_of_newest + others.own_of_newest, every.own, atol=1e-6)


def test_what_was_had_is_not_learned_not_to_be_liked() -> None:
    world = World()
    world.excluded[:] = True
    world.excluded[np.arange(EXAMPLES), world.items] = False
    assert not world.gradients(EXAMPLES).weights.any()
    world.excluded[1, (world.items[1] + 1) % ITEMS] = False
    assert world.gradients(EXAMPLES).weights.any()


def test_against_the_gradient_what_was_had_becomes_likelier(monkeypatch: pytest.MonkeyPatch) -> None:
    losses: list[float] = []

    def noted(*given: Any) -> tuple[float, Floats]:  # noqa: ANN401  # as given
        found = sampled_softmax(*given)
        losses.append(found[0])
        return found

    monkeypatch.setattr("online.fusion.step.sampled_softmax", noted)
    world = World()
    found = world.gradients(EXAMPLES)
    world.own = world.own - STEP * found.own
    world.gradients(EXAMPLES)
    world.model.weights.vector -= STEP * found.weights
    world.gradients(EXAMPLES)
    first, by_own, by_both = losses
    expected = STEP * float((found.own**2).sum())
    assert first - by_own == pytest.approx(expected, rel=0.05)
    assert by_both < by_own
