import numpy as np
import pytest

from online.fusion.learner import FusionConfig, FusionLearner
from online.fusion.taste import HISTORY, pack, unpack
from tests.online.fusion.made import direction_of, fill, sets

SMALL = FusionConfig(capacity=256, replayed=16, negatives=16, dim=32)


def test_a_product_is_the_score_that_was_learned() -> None:
    learner = FusionLearner(SMALL)
    fill(learner, "text")
    for example in sets("text", 200):
        learner.learn(example)
    learner.advance()
    taste = learner.taste()
    assert taste is not None
    model = learner._served
    rng = np.random.default_rng(0)
    counts = np.array([1, 7, HISTORY])
    histories = [rng.normal(size=(count, SMALL.dim)).astype(np.float32) for count in counts]
    together = taste.directions(np.concatenate(histories), counts)
    for count, units, direction in zip(counts, histories, together, strict=True):
        items = rng.normal(size=(9, SMALL.dim)).astype(np.float32)
        mean, of_each = units.mean(axis=0)[None], np.array([[count]], np.float32)
        scores, _ = model.scores(mean, of_each, items, np.zeros(9, np.float32))
        np.testing.assert_allclose(items @ direction, scores[0], rtol=1e-3, atol=1e-4)
        published = unpack(pack(taste))
        assert published is not None
        np.testing.assert_allclose(direction_of(published, units), direction, rtol=1e-4, atol=1e-5)


def test_nothing_is_published_as_nothing_and_damage_is_an_error() -> None:
    assert unpack(b"") is None
    learner = FusionLearner(SMALL)
    learner.advance()
    taste = learner.taste()
    assert taste is not None
    with pytest.raises(ValueError, match=r"truncated|numbers"):
        unpack(pack(taste)[:-40])
