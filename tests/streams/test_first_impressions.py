"""Items come, are seen, or go before they are."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from prometheus_client import CollectorRegistry, Histogram

from streams import first_impressions, metrics
from streams.first_impressions import IMPRESSIONS, FirstImpressions


@pytest.fixture
def observed() -> Iterator[Histogram]:
    own = Histogram("first", "Of this test.", registry=CollectorRegistry(), buckets=(1, 10, 100))
    with patch.object(metrics, "FIRST_IMPRESSIONS", own):
        yield own


def found(observed: Histogram) -> tuple[float, float]:
    """How many were observed, and the sum of their seconds."""
    values = {sample.name: sample.value for metric in observed.collect() for sample in metric.samples}
    return values["first_count"], values["first_sum"]


def test_the_time_until_the_tenth_list_is_observed_once(observed: Histogram) -> None:
    first = FirstImpressions()
    first.come("new", 1_000)
    for number in range(IMPRESSIONS - 1):
        first.stood(["old", "new"], 2_000 + number)
    assert found(observed) == (0, 0)
    first.stood(["new"], 8_500)
    assert found(observed) == (1, 7.5)
    for _ in range(2 * IMPRESSIONS):
        first.stood(["new"], 9_000)
    assert found(observed) == (1, 7.5)


def test_what_goes_or_is_not_new_is_not_waited_for(observed: Histogram) -> None:
    first = FirstImpressions()
    first.come("gone", 1_000)
    first.gone("gone")
    first.gone("never-there")
    for _ in range(IMPRESSIONS):
        first.stood(["gone", "old"], 5_000)
    assert found(observed) == (0, 0)


def test_it_waits_for_so_many_and_gives_up_those_that_came_first(observed: Histogram) -> None:
    first = FirstImpressions()
    with patch.object(first_impressions, "WAITING_LIMIT", 2):
        for item_id in "abc":
            first.come(item_id, 0)
    for _ in range(IMPRESSIONS):
        first.stood(["a", "b", "c"], 1_000)
    assert found(observed) == (2, 2)
