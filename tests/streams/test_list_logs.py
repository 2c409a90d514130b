from unittest.mock import patch

import numpy as np
import pytest
from prometheus_client import REGISTRY

from online.events import Cursor, Event, ListLog
from online.ranking.list_log import had_of_log
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState
from streams.hurry import LOGGED_SHARE
from streams.list_logs import BURST_S, ListLogs


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def event(offset: int, timestamp_ms: int, item_id: str = "i") -> Event:
    return Event("u", item_id, "click", 1.0, timestamp_ms, offset, Cursor("t", 0, offset, 0))


class Logged:
    """Logs and their clock; every event is logged, then applied."""

    def __init__(self, lists_per_s: float) -> None:
        self.clock = Clock()
        self.recommender = Recommender(RecommenderConfig(capacity=64))
        self.logs = ListLogs(self.recommender, lists_per_s, self.clock)
        self.state = UserState("u")

    def takes(self, made: Event) -> ListLog | None:
        log = self.logs.log(self.state, made, hurried=False)
        self.state.apply(made)
        return log

    def count(self, sets: int, hurried: bool = False) -> int:
        """How many of so many users' first sets are logged."""
        logs = (self.logs.log(UserState("u"), event(0, 0), hurried) for _ in range(sets))
        return sum(log is not None for log in logs)


def failures() -> float:
    return REGISTRY.get_sample_value("freshet_list_failures_total") or 0.0


def test_no_more_lists_are_logged_than_allowed_each_second() -> None:
    logged = Logged(lists_per_s=10)
    assert logged.count(50) == 10 * BURST_S
    assert logged.count(5) == 0
    logged.clock.now_s += 0.5
    assert logged.count(50) == 5


def test_a_quiet_while_saves_up_no_more_than_a_burst() -> None:
    logged = Logged(lists_per_s=10)
    logged.clock.now_s += 3_600
    assert logged.count(50) == 10 * BURST_S


def test_in_a_hurry_fewer_are_logged() -> None:
    logged = Logged(lists_per_s=20)
    logged.count(50)
    logged.clock.now_s += 1
    assert logged.count(50, hurried=True) == 20 * LOGGED_SHARE
    logged.clock.now_s += 1
    assert logged.count(50) == 20


def test_less_than_one_a_second_are_logged_too() -> None:
    logged = Logged(lists_per_s=0.25)
    found = 0
    for _ in range(40):
        logged.clock.now_s += 1
        found += logged.count(3)
    assert found == 10


def test_without_a_budget_nothing_is_logged_and_nothing_computed() -> None:
    logged = Logged(lists_per_s=0)
    with patch.object(logged.recommender, "candidates", side_effect=AssertionError):
        logged.clock.now_s += 3_600
        assert logged.count(9) == 0


def test_only_the_event_that_opens_a_set_meets_a_list() -> None:
    logged = Logged(lists_per_s=100)
    found = [
        logged.takes(event(n, second * 1_000)) is not None for n, second in enumerate((1, 1, 2, 2, 2, 3))
    ]
    assert found == [True, False, True, False, False, True]


def test_a_replay_is_not_logged_and_costs_no_budget() -> None:
    logged = Logged(lists_per_s=2)
    assert logged.takes(event(7, 1_000)) is not None
    for offset in (6, 7):
        assert logged.takes(event(offset, 500)) is None
    assert logged.takes(event(8, 2_000)) is not None


def test_it_is_the_list_as_it_stood_before_the_event() -> None:
    logged = Logged(lists_per_s=100)
    recommender, state = logged.recommender, logged.state
    state.apply(event(0, 1_000, "had"))
    for item_id in ("had", "other"):
        popular = recommender.statistics.recent.arrays
        popular.top[popular.size[0]] = recommender.catalogue.row(item_id, create=True)
        popular.size[0] += 1
    expected = recommender.log(recommender.candidates(state, now_ms=2_000, wall_ms=2_000))
    log = logged.takes(event(1, 2_000, "other"))
    assert log == expected
    assert log is not None
    assert had_of_log(log, ["other"]).sum() == 1
    assert len(np.frombuffer(log.hashes, np.uint32)) == 2


def test_a_list_that_fails_costs_no_event(caplog: pytest.LogCaptureFixture) -> None:
    logged = Logged(lists_per_s=100)
    before = failures()
    with patch.object(logged.recommender, "candidates", side_effect=ZeroDivisionError("no list")):
        assert logged.takes(event(3, 1_000)) is None
    assert logged.state.applied_count == 1
    assert "no log of the list before the event at Cursor(topic_id='t', partition=0, offset=3" in caplog.text
    assert failures() == before + 1
    assert logged.takes(event(4, 2_000)) is not None
