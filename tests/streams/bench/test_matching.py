from hypothesis import given
from hypothesis import strategies as st

from streams.bench.matching import Answer, Matcher, Place, SeenList, SentEvent, percentiles


def event(user: bytes, offset: int, timestamp_ms: int, index: int = 0, partition: int = 0) -> SentEvent:
    return SentEvent(user, Place(partition, offset, index), timestamp_ms)


def seen(user: bytes, offset: int, timestamp_ms: int, index: int = 0, partition: int = 0) -> SeenList:
    return SeenList(user, Place(partition, offset, index), timestamp_ms, timestamp_ms + 5)


def test_each_event_waits_for_the_first_list_that_goes_through_it() -> None:
    matcher = Matcher()
    matcher.sent([event(b"u", 0, 100), event(b"u", 2, 110)])
    matcher.seen(seen(b"u", 0, 130))
    matcher.seen(seen(b"u", 2, 150))
    assert matcher.answers == [Answer(100, 30, 35), Answer(110, 40, 45)]


def test_events_that_share_a_list_all_count_each_with_its_own_wait() -> None:
    matcher = Matcher()
    matcher.sent([event(b"u", 0, 100), event(b"u", 1, 120), event(b"u", 3, 190)])
    matcher.seen(seen(b"u", 1, 200))
    assert [answer.broker_ms for answer in matcher.answers] == [100, 80]
    assert (matcher.waiting_count, matcher.oldest_waiting_ms()) == (1, 190)


def test_only_the_own_users_list_of_the_same_log_answers() -> None:
    matcher = Matcher()
    matcher.sent([event(b"u", 5, 100)])
    matcher.seen(seen(b"v", 9, 130))
    matcher.seen(seen(b"u", 9, 130, partition=1))
    matcher.seen(seen(b"u", 4, 130))
    assert matcher.waiting_count == 1


def test_within_a_packed_message_the_index_decides() -> None:
    matcher = Matcher()
    matcher.sent([event(b"u", 7, 100, index=0), event(b"u", 7, 100, index=3)])
    matcher.seen(seen(b"u", 7, 110, index=2))
    assert matcher.waiting_count == 1
    matcher.seen(seen(b"u", 7, 140, index=3))
    assert [answer.broker_ms for answer in matcher.answers] == [10, 40]


def test_a_list_written_twice_answers_once() -> None:
    matcher = Matcher()
    matcher.sent([event(b"u", 0, 100)])
    matcher.seen(seen(b"u", 0, 130))
    matcher.seen(seen(b"u", 0, 900))
    assert matcher.answers == [Answer(100, 30, 35)]
    assert matcher.oldest_waiting_ms() is None


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles([*range(1, 101)]) == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    assert percentiles([7]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0, "max": 7.0}
    assert percentiles([]) == {"p50": None, "p95": None, "p99": None, "max": None}


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_at_least_the_share_of_all_values_lies_at_or_below_its_percentile(values: list[int]) -> None:
    found = percentiles(values)
    for name, share in {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}.items():
        limit = found[name]
        assert limit is not None
        assert sum(value <= limit for value in values) >= share * len(values)
