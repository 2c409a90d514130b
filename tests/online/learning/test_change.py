import numpy as np
import pytest
from river.drift import ADWIN
from river.drift import PageHinkley as RiversPageHinkley

from online.learning.change import Adwin, PageHinkley


def changing(seed: int) -> list[float]:
    """Numbers from 0 to 1 whose mean jumps four times."""
    rng = np.random.default_rng(seed)
    means = np.repeat(rng.uniform(0.2, 0.8, 5), 600)
    return [float(value) for value in np.clip(rng.normal(means, 0.1), 0, 1)]


@pytest.mark.parametrize("seed", range(5))
def test_adwin_says_what_rivers_says(seed: int) -> None:
    ours, rivers = Adwin(0.002), ADWIN(delta=0.002)  # type: ignore[no-untyped-call]  # river is not typed
    changes = 0
    for value in changing(seed):
        ours.update(value)
        rivers.update(value)  # type: ignore[no-untyped-call]  # river is not typed
        assert ours.is_changed == rivers.drift_detected
        assert ours.mean == pytest.approx(rivers.estimation)
        changes += ours.is_changed
    assert changes >= 2


@pytest.mark.parametrize("seed", range(5))
def test_page_hinkley_says_what_rivers_says(seed: int) -> None:
    ours = PageHinkley(tolerated=0.05, threshold=5.0)
    rivers = RiversPageHinkley(delta=0.05, threshold=5.0, alpha=1.0, mode="up")
    changes = 0
    for value in changing(seed):
        ours.update(value)
        rivers.update(value)  # type: ignore[no-untyped-call]  # river is not typed
        assert ours.is_changed == rivers.drift_detected
        changes += ours.is_changed
    assert changes >= 1
