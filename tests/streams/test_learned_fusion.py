from itertools import count

import numpy as np
import pytest

from online.fusion.learner import RAMP_STEPS, STEP_EXAMPLES, FusionConfig, FusionLearner
from streams.hurry import SHED_MS
from streams.learned_fusion import LearnedFusion, new_fusion
from streams.settings import Settings
from streams.time_share import TimeShare
from tests.online.fusion.made import fill, sets

SMALL = FusionConfig(capacity=256, replayed=16, negatives=16)


@pytest.fixture
def fusion() -> LearnedFusion:
    """One whose steps may take all the time there is."""
    learner = FusionLearner(SMALL)
    fill(learner, "text", "image")
    return LearnedFusion(learner, TimeShare(1.0))


def learn(fusion: LearnedFusion, steps: int, late_ms: int = 0) -> None:
    for example_set in sets("image", steps * STEP_EXAMPLES):
        fusion.learn(example_set, late_ms)


def test_what_has_moved_is_served_with_a_taste_and_another_digest(fusion: LearnedFusion) -> None:
    before = fusion.digest
    learn(fusion, RAMP_STEPS + 40)
    assert fusion.digest == before
    assert fusion.taste() == b""
    assert fusion.moved()
    assert not fusion.moved()  # looked at once in some steps
    assert sum(len(vectors) for vectors in fusion.advance()) == 64
    assert fusion.digest != before
    assert fusion.taste()


def test_a_snapshot_goes_on_with_what_is_served(fusion: LearnedFusion) -> None:
    learn(fusion, RAMP_STEPS)
    list(fusion.advance())
    again = LearnedFusion(FusionLearner(SMALL), TimeShare(1.0))
    assert again.digest != fusion.digest
    again.load(fusion.save() | {"ranking.other": np.zeros(1)})
    assert (again.digest, again.taste()) == (fusion.digest, fusion.taste())
    again.load({})
    assert again.digest == fusion.digest


def test_a_learner_that_is_late_learns_none(fusion: LearnedFusion) -> None:
    learn(fusion, 2, late_ms=SHED_MS + 1)
    assert fusion._learner.step_count == 0
    learn(fusion, 2, late_ms=SHED_MS)
    assert fusion._learner.step_count == 2


def test_after_a_step_the_rest_of_the_time_is_not_the_fusions() -> None:
    learner = FusionLearner(SMALL)
    fill(learner, "text")
    # A millisecond passes between any two looks.
    fusion = LearnedFusion(learner, TimeShare(0.02, count(100.0, 0.001).__next__))
    steps = []
    for example_set in sets("image", 100):
        fusion.learn(example_set, 0)
        steps.append(learner.step_count)
    assert steps.count(1) in range(50, 62)  # the step took one, and 49 are not its own
    assert steps[-1] == 2
    assert np.count_nonzero(learner._examples._items >= 0) == 100  # all are there to be replayed


def test_fusion_is_learned_unless_privacy_is_asked_for_or_it_is_switched_off() -> None:
    assert new_fusion(Settings()) is not None
    assert new_fusion(Settings(dp_epsilon=8.0, fusion="fixed")) is None
    assert new_fusion(Settings(dp_epsilon=8.0)) is None
    assert new_fusion(Settings(fusion="fixed")) is None


def test_a_snapshot_of_another_version_is_said_and_one_without_fusion_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fusion = LearnedFusion(FusionLearner(SMALL), TimeShare(0.02))
    saved = fusion.save()
    fusion.load(saved)
    fusion.load({})
    assert not caplog.records
    fusion.load(saved | {"fusion.learned/projections": np.zeros((5, 384, 64), np.float32)})
    assert [record.message for record in caplog.records] == [
        "the snapshot's fusion is of another kind or version: item vectors are learned anew"
    ]
