import numpy as np
import pytest

from online.ranking import tastes as tastes_module
from online.ranking.tastes import Taste, Tastes

DIM = 8
AXES = np.eye(DIM, dtype=np.float32)


def test_the_margin_is_how_far_the_nearest_vector_is_above_the_bar() -> None:
    tastes = Tastes(DIM)
    tastes.put(0, Taste(AXES[0], 0.25))
    tastes.put(1, Taste((AXES[0] + AXES[1]) / np.float32(np.sqrt(2)), 0.9))
    tastes.put(2, Taste(AXES[2], 0.0))
    near, above = (values[:4] for values in tastes.compare(AXES[:2], 0))
    assert near == pytest.approx([1, np.sqrt(0.5), 0, 0], abs=1e-3)
    assert above == pytest.approx([0.75, np.sqrt(0.5) - 0.9, -np.inf, -np.inf], abs=1e-3)


def test_blocks_follow_each_other_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tastes_module, "PAIRS_AT_ONCE", 100)
    tastes = Tastes(DIM)
    for slot in range(3_000):
        tastes.put(slot, Taste(AXES[slot % DIM], 0.5))
    parts, start = [], 0
    while start < 3_000:
        parts.append(tastes.compare(AXES[:3], start)[1])
        assert len(parts[-1]) <= 33
        start += len(parts[-1])
    whole = np.concatenate(parts)[:3_000]
    assert (whole == np.where(np.arange(3_000) % DIM < 3, np.float32(0.5), -np.inf)).all()


def test_what_is_not_known_is_told_until_it_is() -> None:
    tastes = Tastes(DIM)
    tastes.put(1, Taste(AXES[0], 0.5))
    assert tastes.unknown(3).tolist() == [0, 2]
    tastes.clear(0)
    tastes.doubt(1)
    assert tastes.unknown(3).tolist() == [1, 2]
    assert (tastes.compare(AXES, 0)[1] == -np.inf).all()
    tastes.put(1, Taste(AXES[0], 0.5))
    tastes.doubt_all()
    assert tastes.unknown(3).tolist() == [0, 1, 2]
    assert (tastes.compare(AXES, 0)[1] == -np.inf).all()
