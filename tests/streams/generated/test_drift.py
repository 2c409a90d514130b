import numpy as np
import pytest

from streams.generated.drift import taste_weights
from streams.generated.recipe import Drift

FIRST, SECOND = (1.0, 0.0), (0.0, 1.0)


@pytest.mark.parametrize(
    ("drift", "progress", "weights"),
    [
        ("none", 0.0, FIRST),
        ("none", 1.0, FIRST),
        ("abrupt", 0.49, FIRST),
        ("abrupt", 0.5, SECOND),
        ("gradual", 0.0, FIRST),
        ("gradual", 0.5, (0.5**0.5, 0.5**0.5)),
        ("gradual", 1.0, SECOND),
        ("recurring", 0.1, FIRST),
        ("recurring", 0.2, SECOND),
        ("recurring", 0.4, FIRST),
        ("recurring", 0.9, SECOND),
    ],
)
def test_weights(drift: Drift, progress: float, weights: tuple[float, float]) -> None:
    assert taste_weights(drift, progress) == pytest.approx(weights, abs=1e-12)


@pytest.mark.parametrize("drift", ["none", "abrupt", "gradual", "recurring"])
def test_tastes_stay_as_strong_as_they_were(drift: Drift) -> None:
    for progress in np.linspace(-0.1, 1.1, 50).tolist():
        assert np.hypot(*taste_weights(drift, progress)) == pytest.approx(1.0)
