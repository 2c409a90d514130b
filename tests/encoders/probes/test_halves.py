import numpy as np
import pytest

from encoders.probes.errors import ProbeError
from encoders.probes.halves import halves_found

AXES = np.eye(4, dtype=np.float32)


def test_halves_that_are_alike_find_each_other() -> None:
    assert halves_found(AXES, 5 * AXES + 0.1) == (1.0, 1.0)


def test_ranks_of_those_that_do_not() -> None:
    second = AXES[[1, 0, 2, 3]] + 0.5 * AXES
    assert halves_found(AXES, second) == (0.5, 0.75)


def test_vectors_that_are_all_the_same_find_nothing() -> None:
    same = np.ones((4, 3), np.float32)
    assert halves_found(same, same) == (0.0, 0.25)


@pytest.mark.parametrize("second", [AXES[:1], AXES[:3]])
def test_there_must_be_pairs(second: np.ndarray) -> None:
    with pytest.raises(ProbeError, match="at least two pairs"):
        halves_found(AXES[:1] if len(second) == 1 else AXES, second)
