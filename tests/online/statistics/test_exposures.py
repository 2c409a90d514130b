import numpy as np
import pytest

from online.statistics.exposures import PRIOR, Exposures
from tests.contracts.test_statistics import asked, observed


def test_an_item_is_worth_the_share_of_its_lists_in_which_it_was_had() -> None:
    exposures = Exposures(16)
    for _ in range(30):
        exposures.fold(observed([1], [])._replace(listed=np.array([1, 2, 3], np.int32)))
    rows = np.array([1, 2, 9], np.int32)
    assert exposures.score(asked([]), rows).tolist() == [1, 0, 0]
    means, weights = exposures.chances(rows)
    overall = 30 / (90 + PRIOR)
    assert weights.tolist() == [30 + PRIOR, 30 + PRIOR, PRIOR]
    assert means == pytest.approx(
        [(30 + PRIOR * overall) / (30 + PRIOR), PRIOR * overall / (30 + PRIOR), overall], rel=0.01
    )
