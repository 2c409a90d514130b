from hypothesis import given
from hypothesis import strategies as st

from streams.fetching.errors import MediumError
from streams.fetching.retries import LIMIT_S, pause_s, retry_after_s


def failure(retry_after: float | None = None, transient: bool = True) -> MediumError:
    return MediumError("reason", "status", transient=transient, retry_after_s=retry_after)


def test_pauses_double_and_are_spread() -> None:
    assert [pause_s(failure(), attempt, 0.0) for attempt in (1, 2, 3)] == [0.25, 0.5, 1.0]
    assert pause_s(failure(), 1, 0.5) == 0.375


@given(st.integers(1, 10), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, LIMIT_S))
def test_a_pause_is_bounded_and_no_shorter_than_was_asked(
    attempt: int, share: float, asked: float | None
) -> None:
    pause = pause_s(failure(asked), attempt, share)
    assert pause is not None
    assert (asked if asked is not None else 0.0) <= pause <= LIMIT_S


def test_what_will_not_pass_or_not_soon_is_not_tried_again() -> None:
    assert pause_s(failure(transient=False), 1, 0.0) is None
    assert pause_s(failure(LIMIT_S + 0.1), 1, 0.0) is None


def test_retry_after_in_both_forms() -> None:
    assert retry_after_s("7", 0.0) == 7.0
    assert retry_after_s(" 7 ", 0.0) == 7.0
    assert retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", 50.0) == 10.0
    assert retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", 90.0) == 0.0


@given(st.text(max_size=40))
def test_any_retry_after_is_seconds_or_nothing(text: str) -> None:
    seconds = retry_after_s(text, 0.0)
    assert seconds is None or seconds >= 0.0


def test_an_absurd_retry_after_is_long_or_nothing() -> None:
    assert retry_after_s("9" * 400, 0.0) == 999_999_999.0
    assert retry_after_s("-5", 0.0) is None
    assert retry_after_s("Thu, 01 Jan 9999999 00:00:00 GMT", 0.0) is None
