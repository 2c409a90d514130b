import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from online.recommender_config import DAY_S
from online.statistics.stream_clock import EVENT_S, LONGEST_S, StreamClock

TIMES = st.lists(st.floats(0, 1e9), min_size=1, max_size=30)


def at(clock: StreamClock, now_s: float) -> float:
    return float(clock.at(np.array([now_s]))[0])


def test_on_a_busy_stream_it_is_the_events_time() -> None:
    clock = StreamClock()
    for second in range(0, 10_000, 10):
        assert clock.advance(1e9 + second, 1) == 1e9 + second
    assert at(clock, 1e9 + 9_995) == 1e9 + 9_995


def test_on_a_slow_stream_a_hundred_events_make_a_day() -> None:
    clock = StreamClock()
    told = [clock.advance(1e9 + day * DAY_S, 1) for day in range(201)]
    assert told[200] - told[100] == pytest.approx(DAY_S)


def test_what_many_events_allow_is_left_for_the_quiet_after_them() -> None:
    clock = StreamClock()
    clock.advance(1e9, 50)
    assert at(clock, 1e9 + DAY_S / 4) == 1e9 + DAY_S / 4
    assert at(clock, 1e9 + DAY_S) == 1e9 + DAY_S / 2
    assert clock.advance(1e9 + DAY_S, 1) == 1e9 + DAY_S / 2
    assert at(clock, 1e9 + 9 * DAY_S) == 1e9 + DAY_S / 2 + EVENT_S


def test_years_without_an_event_age_what_was_learned_by_days() -> None:
    clock = StreamClock()
    clock.advance(1e9, 1_000_000)
    assert at(clock, 1e9 + 3_000 * DAY_S) == 1e9 + LONGEST_S


def test_a_late_set_is_as_much_earlier_and_holds_nothing_up() -> None:
    clock, undisturbed = StreamClock(), StreamClock()
    for each in (clock, undisturbed):
        each.advance(1e9, 1)
        each.advance(1e9 + 50, 1)
    assert clock.advance(1e9 - 100, 0) == 1e9 - 100
    assert clock.advance(1e9 + 60, 1) == undisturbed.advance(1e9 + 60, 1)


def test_who_has_been_away_asks_now() -> None:
    clock = StreamClock()
    for hour in range(100):
        clock.advance(1e9 + hour * 3_600, 10)
    assert at(clock, 1e9) == at(clock, 1e9 + 99 * 3_600) == 1e9 + 99 * 3_600


@given(TIMES)
@example([0.99999, 0.06])
def test_it_never_goes_back_nor_ahead_of_the_events(times_s: list[float]) -> None:
    clock = StreamClock()
    start_s, last = times_s[0], -np.inf
    for time_s in sorted(times_s):
        told = clock.advance(time_s, 1)
        assert last <= told <= max(time_s, start_s)
        last = told


@given(TIMES, TIMES)
def test_a_saved_clock_goes_on_as_if_nothing_had_been(before_s: list[float], after_s: list[float]) -> None:
    clock, loaded = StreamClock(), StreamClock()
    for time_s in before_s:
        clock.advance(time_s, 3)
    loaded.load(clock.save())
    assert [clock.advance(time_s, 2) for time_s in after_s] == [
        loaded.advance(time_s, 2) for time_s in after_s
    ]
