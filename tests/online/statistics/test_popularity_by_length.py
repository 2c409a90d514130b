import pytest

from online.statistics.popularity_by_length import STAGES, stage_of


@pytest.mark.parametrize(
    ("length", "stage"),
    [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (7, 3), (8, 4), (15, 4), (16, 5), (31, 5), (32, 6), (60, 6)],
)
def test_a_stage_is_a_power_of_two(length: int, stage: int) -> None:
    assert stage_of(length) == stage < STAGES
