import pytest

from encoders.modalities import Modality
from encoders.probes.baselines import BASELINES, baseline


@pytest.mark.parametrize("modality", BASELINES)
def test_each_reads_its_modality(modality: Modality) -> None:
    made = baseline(modality)
    assert made.modality == modality
    assert made.dim > 0
    assert sorted(made.encode([None]).errors) == [0]
