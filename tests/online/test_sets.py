import pytest
from hypothesis import given
from hypothesis import strategies as st

from online import sets
from online.events import Example, ExampleSet, Past
from online.sets import OPEN_FOR_MS, SetGrouper

LATER_MS = 3_600_000
"""When every set has been open for too long."""


def example(
    user_id: str, timestamp_ms: int, item_id: str = "i", *, history: list[Past] | None = None
) -> Example:
    return Example(user_id, item_id, "click", 1.0, timestamp_ms, 0, 0, 0, 0, 0, history, None)


def shape(closed: list[ExampleSet]) -> list[tuple[str, int, list[str]]]:
    return [(s.user_id, s.timestamp_ms, [e.item_id for e in s.examples]) for s in closed]


def test_equal_timestamps_of_a_user_are_one_set_with_the_first_ones_history() -> None:
    grouper, history = SetGrouper(), [Past("h", 1, "click")]
    assert grouper.push(example("u", 5, "a", history=history), 0) == []
    assert grouper.push(example("u", 5, "b"), 1) == []
    closed = grouper.push(example("u", 6, "c"), 2)
    assert shape(closed) == [("u", 5, ["a", "b"])]
    assert closed[0].history == history
    assert shape(grouper.expire(LATER_MS)) == [("u", 6, ["c"])]


def test_a_set_is_closed_by_the_logs_clock_in_the_order_of_opening() -> None:
    grouper = SetGrouper()
    grouper.push(example("v", 5), 10)
    grouper.push(example("u", 5), 11)
    assert grouper.expire(10 + OPEN_FOR_MS) == []
    assert shape(grouper.push(example("w", 9), 12 + OPEN_FOR_MS)) == [("v", 5, ["i"]), ("u", 5, ["i"])]


def test_a_log_clock_that_goes_back_closes_nothing_early_or_late() -> None:
    grouper = SetGrouper()
    grouper.push(example("u", 5), 5_000)
    grouper.push(example("v", 5), 1_000)
    assert grouper.expire(5_000 + OPEN_FOR_MS) == []
    assert len(grouper.expire(5_001 + OPEN_FOR_MS)) == 2


def test_open_examples_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "OPEN_EXAMPLES_LIMIT", 3)
    grouper = SetGrouper()
    for user_id in ("a", "b", "c"):
        assert grouper.push(example(user_id, 1), 0) == []
    assert shape(grouper.push(example("d", 1), 0)) == [("a", 1, ["i"])]


def test_an_erased_users_open_set_is_never_learned() -> None:
    grouper = SetGrouper()
    grouper.push(example("u", 5), 0)
    grouper.drop_user("u")
    grouper.drop_user("nobody")
    assert grouper.expire(LATER_MS) == []


pushes = st.lists(st.tuples(st.sampled_from("uvw"), st.integers(0, 3), st.integers(0, 900)), max_size=40)


@given(pushes, st.integers(0, 40))
def test_every_example_comes_out_once_and_a_snapshot_changes_nothing(
    steps: list[tuple[str, int, int]], cut: int
) -> None:
    straight, resumed = SetGrouper(), SetGrouper()
    log_ms, out, again = 0, [], []
    for number, (user_id, timestamp_ms, passed_ms) in enumerate(steps):
        log_ms += passed_ms
        if number == cut:
            saved = resumed.save()
            resumed = SetGrouper()
            resumed.load(saved)
        out += straight.push(example(user_id, timestamp_ms, str(number)), log_ms)
        again += resumed.push(example(user_id, timestamp_ms, str(number)), log_ms)
    out += straight.expire(LATER_MS)
    again += resumed.expire(LATER_MS)
    assert shape(out) == shape(again)
    assert sorted(int(e.item_id) for s in out for e in s.examples) == list(range(len(steps)))
