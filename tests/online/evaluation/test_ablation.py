import numpy as np
import pytest

from online.evaluation.ablation import MEASURES, STUDENT_T, methods_for, worths
from online.evaluation.variants import FIXED, FRESHET, ItemContent


def test_changes_are_paired_by_seed() -> None:
    methods = methods_for(ItemContent(), FIXED)
    # The whole swings by seed; each part costs .1, always.
    by_seed = {
        seed: {
            method: {"overall": dict.fromkeys(MEASURES, whole - (0.0 if method == FRESHET else 0.1))}
            for method in methods
        }
        for seed, whole in enumerate((0.2, 0.3, 0.4))
    }
    found = worths(by_seed, methods)
    whole = found[FRESHET]["hr@10"]
    assert whole.change is None
    assert (whole.value.mean, whole.value.half_width) == pytest.approx((0.3, STUDENT_T * 0.1 / 3**0.5))
    for method in methods[1:]:
        change = found[method]["ndcg@10"].change
        assert change is not None
        assert (change.mean, change.half_width) == pytest.approx((-0.1, 0))


def test_modalities_are_left_out_where_there_are_several_and_fusions_compared_where_there_is_any() -> None:
    text, both = (
        ItemContent({"i": {name: np.ones(3, np.float32) for name in names}})
        for names in (["text"], ["text", "image"])
    )
    assert not any("fused_by" in name for name in methods_for(ItemContent(), FIXED))
    assert "freshet_fused_by_attention" in methods_for(text, FIXED)
    assert "freshet_without_text" not in methods_for(text, FIXED)
    assert {"freshet_without_text", "freshet_without_image"} <= set(methods_for(both, FIXED))
    assert "freshet_without_audio" not in methods_for(both, FIXED)
    assert "freshet_without_logq" not in methods_for(both, FIXED)
    assert "freshet_without_logq" in methods_for(both, "attention")
