from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.hurry import HURRY_MS, in_a_hurry
from streams.runs import Run

NOW_MS = 1_000_000


def run(*ages_ms: int) -> Run:
    """A run of records of these ages, the oldest first as a partition has them."""
    return Run(cast(Any, [SimpleNamespace(timestamp=NOW_MS - age_ms) for age_ms in ages_ms]))


@pytest.mark.parametrize(
    ("runs", "hurried"),
    [
        ([], False),
        ([run(HURRY_MS, 0)], False),
        ([run(HURRY_MS + 1, 0)], True),
        ([run(3, 1), run(HURRY_MS + 1)], True),
        ([run(24 * 3600 * 1000)], True),
    ],
)
def test_the_oldest_event_that_waits_decides(runs: list[Run], hurried: bool) -> None:
    assert in_a_hurry(runs, NOW_MS) is hurried
