import pytest
from hypothesis import given
from hypothesis import strategies as st

from online.events import Cursor, Event
from online.state import (
    HAD_BYTES_LIMIT,
    HAD_LIMIT,
    HASH_LIMIT,
    HIDDEN_BYTES_LIMIT,
    HISTORY_LIMIT,
    OPEN_LIMIT,
    RENORMALISE_EVERY,
    SET_DECAY,
    STANDING_LIMIT,
    UserState,
)


def event(
    offset: int, item_id: str, timestamp_ms: int, action: str = "click", hash_: int | None = None
) -> Event:
    event_hash = offset if hash_ is None else hash_
    return Event("u", item_id, action, 1.0, timestamp_ms, event_hash, Cursor("t", 0, offset, 0))


def dump(state: UserState) -> dict[str, object]:
    return {name: getattr(state, name) for name in UserState.__slots__}


def had_counts(state: UserState) -> dict[str, int]:
    return {item_id: had.set_count for item_id, had in state.had.items()}


def test_an_event_at_or_below_the_cursor_changes_nothing() -> None:
    state = UserState("u")
    state.apply(event(5, "a", 1_000))
    before = repr(dump(state))
    assert state.apply(event(5, "b", 2_000)) is None
    assert state.apply(event(4, "b", 2_000)) is None
    assert repr(dump(state)) == before


def test_a_retry_moves_the_cursor_only() -> None:
    state = UserState("u")
    state.apply(event(5, "a", 1_000, hash_=77))
    assert state.apply(event(6, "a", 2_000, hash_=77)) is None
    assert state.cursor == Cursor("t", 0, 6, 0)
    assert (state.applied_count, state.applied_xor) == (1, 77)
    assert [past.item_id for past in state.open] == ["a"]


def test_another_topic_id_is_another_log_where_event_ids_decide() -> None:
    state = UserState("u")
    state.apply(event(500, "a", 1_000, hash_=1))
    moved = Event("u", "a", "click", 1.0, 1_000, 1, Cursor("restored", 0, 3, 0))
    assert state.apply(moved) is None
    fresh = Event("u", "b", "click", 1.0, 1_000, 2, Cursor("restored", 0, 4, 0))
    assert state.apply(fresh) is not None


def test_examples_of_one_set_see_the_user_before_the_set() -> None:
    state = UserState("u")
    state.apply(event(1, "a", 1_000))
    state.published(["x", "y"])
    first = state.apply(event(2, "a", 2_000))
    state.published(["z"])
    second = state.apply(event(3, "b", 2_000))
    assert first is not None
    assert second is not None
    assert [past.item_id for past in first.history or []] == ["a"]
    assert first.history is second.history
    assert (first.times_had, first.last_had_s) == (1, 1)
    assert (second.times_had, second.last_had_s) == (0, 0)
    assert first.standing == second.standing == ["x", "y"]


def test_an_item_that_comes_twice_in_a_set_was_had_once() -> None:
    state = UserState("u")
    for offset, item_id in enumerate(["a", "a", "b"]):
        state.apply(event(offset, item_id, 1_000))
    state.apply(event(9, "c", 2_000))
    assert had_counts(state) == {"a": 1, "b": 1}
    assert state.set_count == 1


def test_frequency_decays_with_each_set_also_across_a_renormalisation() -> None:
    state = UserState("u")
    for step in range(RENORMALISE_EVERY + 3):
        state.apply(event(step, "a" if step % 2 == 0 else "b", step * 1_000))
    closed = state.set_count
    expected = sum(SET_DECAY ** (closed - 1 - step) for step in range(0, closed, 2))
    assert state.frequency(state.had["a"]) == pytest.approx(expected)


def test_what_is_hidden_is_remembered_until_it_is_had_again() -> None:
    state = UserState("u")
    state.apply(event(1, "a", 1_000, "dislike"))
    assert list(state.hidden) == ["a"]
    assert state.open == []
    state.apply(event(2, "a", 2_000))
    assert list(state.hidden) == []


def test_neutral_actions_leave_history_alone() -> None:
    state = UserState("u")
    for offset, action in enumerate(["impression", "skip"]):
        assert state.apply(event(offset, "a", 1_000, action)) is not None
    state.apply(event(5, "b", 2_000))
    assert state.history == []
    assert state.had == {}


def test_everything_kept_is_bounded() -> None:
    state = UserState("u")
    for offset in range(3 * HAD_LIMIT):
        state.apply(event(offset, f"item-{offset:06}", offset * 1_000))
        state.apply(event(offset, f"item-{offset:06}", offset * 1_000))
    for offset in range(2 * OPEN_LIMIT):
        state.apply(event(10**6 + offset, f"open-{offset}", 10**9))
        state.apply(event(2 * 10**6 + offset, f"hidden-{offset}" * 4, 10**9, "hide"))
    state.published([str(number) for number in range(3 * STANDING_LIMIT)])
    assert len(state.history) == HISTORY_LIMIT
    assert len(state.open) <= OPEN_LIMIT
    assert len(state.recent) == HASH_LIMIT
    assert len(state.current) == STANDING_LIMIT
    assert len(state.had) <= HAD_LIMIT
    assert sum(len(item_id) for item_id in state.had) <= HAD_BYTES_LIMIT
    assert 0.99 * HIDDEN_BYTES_LIMIT <= sum(len(item_id) for item_id in state.hidden) <= HIDDEN_BYTES_LIMIT
    assert f"item-{3 * HAD_LIMIT - 1:06}" in state.had


actions = st.sampled_from(["click", "hide", "skip", "purchase"])
events = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), actions), max_size=60)


@given(events, st.integers(0, 60), st.integers(0, 60))
def test_replaying_any_stretch_changes_nothing(
    steps: list[tuple[int, int, str]], begin: int, length: int
) -> None:
    log = [
        event(offset, str(item), timestamp_ms * 1_000, action)
        for offset, (item, timestamp_ms, action) in enumerate(steps)
    ]
    once, twice = UserState("u"), UserState("u")
    for number, applied in enumerate(log):
        once.apply(applied)
        twice.apply(applied)
        if number == begin:
            for replayed in log[max(0, number - length) : number + 1]:
                assert twice.apply(replayed) is None
    assert repr(dump(once)) == repr(dump(twice))
    assert once.applied_count == len(log)


def test_first_and_last_time_of_an_item_are_remembered_apart() -> None:
    state = UserState("u")
    for offset, (item_id, second) in enumerate((("a", 10), ("b", 20), ("a", 30), ("c", 40))):
        state.apply(event(offset, item_id, second * 1_000))
    assert {item_id: (had.first_s, had.last_s) for item_id, had in state.had.items()} == {
        "a": (10, 30),
        "b": (20, 20),
    }


def test_so_many_events_a_minute_are_let_in_and_what_was_applied_before_always() -> None:
    state = UserState("u")

    def let_in(number: int, minute: int) -> bool:
        one = event(number, "a", number)
        if state.admits(one, minute, limit=2):
            state.apply(one)
            return True
        return False

    assert [let_in(number, 7) for number in range(4)] == [True, True, False, False]
    assert let_in(1, 7)
    before = dump(state)
    # Time that goes back is still the latest minute, and a refusal leaves no trace.
    assert not let_in(5, 3)
    assert dump(state) == before
    assert [let_in(number, 8) for number in (6, 7, 8)] == [True, True, False]
    assert state.applied_count == 4
