import pytest

from online.evaluation.ablation import MEASURES, METHODS, STUDENT_T, worths
from online.evaluation.evaluate import FRESHET


def test_changes_are_paired_by_seed() -> None:
    # The whole swings by seed; each part costs .1, always.
    by_seed = {
        seed: {
            method: {"overall": dict.fromkeys(MEASURES, whole - (0.0 if method == FRESHET else 0.1))}
            for method in METHODS
        }
        for seed, whole in enumerate((0.2, 0.3, 0.4))
    }
    found = worths(by_seed)
    whole = found[FRESHET]["hr@10"]
    assert whole.change is None
    assert (whole.value.mean, whole.value.half_width) == pytest.approx((0.3, STUDENT_T * 0.1 / 3**0.5))
    for method in METHODS[1:]:
        change = found[method]["ndcg@10"].change
        assert change is not None
        assert (change.mean, change.half_width) == pytest.approx((-0.1, 0))
