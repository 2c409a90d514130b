import numpy as np
import pytest

from encoders.probes.errors import ProbeError
from encoders.probes.folds import fold_accuracies

RNG = np.random.Generator(np.random.PCG64(2))
CLASSES = ["x", "y"] * 60
FOLDS = ["1"] * 40 + ["2"] * 40 + ["3"] * 40
NOISE = RNG.standard_normal((120, 6)).astype(np.float32)


def test_what_a_line_can_tell_apart_is_told_apart_on_any_scale() -> None:
    vectors = NOISE.copy()
    # A hundred times smaller than the noise beside it: only standardised does it count.
    vectors[:, 0] = 0.01 * np.array([1.0 if name == "x" else -1.0 for name in CLASSES])
    found = fold_accuracies(vectors, CLASSES, FOLDS)
    assert sorted(found) == ["1", "2", "3"]
    assert min(found.values()) > 0.95


def test_noise_tells_nothing() -> None:
    assert np.mean(list(fold_accuracies(NOISE, CLASSES, FOLDS).values())) == pytest.approx(0.5, abs=0.15)


def test_a_fold_is_judged_by_what_the_others_taught() -> None:
    # In fold 3 the classes have changed places: whoever learns on it would not be wrong throughout.
    vectors = np.array([[1.0 if name == "x" else -1.0] for name in CLASSES], np.float32)
    vectors[80:] *= -1
    assert fold_accuracies(vectors, CLASSES, FOLDS)["3"] == 0.0


def test_one_fold_is_too_few() -> None:
    with pytest.raises(ProbeError, match=r"at least two folds, got \['1'\]"):
        fold_accuracies(NOISE, CLASSES, ["1"] * 120)


def test_one_class_is_too_few() -> None:
    with pytest.raises(ProbeError, match="two classes outside each fold"):
        fold_accuracies(NOISE, ["x"] * 120, FOLDS)
