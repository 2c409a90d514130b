from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.hurry import BEHIND_EVENTS, BEHIND_MS, HURRY_MS, in_a_hurry, is_behind
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


@pytest.mark.parametrize(
    ("waited_ms", "event_count", "behind"),
    [
        (BEHIND_MS, 10_000, False),
        (BEHIND_MS + 1, BEHIND_EVENTS, True),
        (24 * 3600 * 1000, BEHIND_EVENTS - 1, False),
    ],
)
def test_a_backlog_is_many_events_that_have_waited_for_long(
    waited_ms: int, event_count: int, behind: bool
) -> None:
    assert is_behind(NOW_MS - waited_ms, event_count, NOW_MS) is behind
