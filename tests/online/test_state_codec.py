from random import Random
from string import ascii_letters, digits

import msgspec
import pytest
from cramjam import lz4
from hypothesis import given
from hypothesis import strategies as st

from online.events import ACTIONS, Cursor, Event
from online.state import UserState
from online.state_codec import head, item_ids, pack, unpack

KIB = 1024


def event(number: int, item: str, timestamp_ms: int, action: str = "click", value: float = 1.0) -> Event:
    return Event(
        "user-012345", item, action, value, timestamp_ms, number * 7919 + 1, Cursor("id" * 11, 3, number, 0)
    )


def state_of(count: int, items: int, id_length: int = 10, sets: int = 1) -> UserState:
    state = UserState("user-012345")
    for i in range(count):
        item = f"{i % items:0{id_length}d}"
        state.apply(event(i, item, 1_700_000_000_000 + (i // sets) * 60_000))
        state.published([item] * 10)
    return state


_events = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "é", "x" * 50]),
        st.integers(0, 5),
        st.sampled_from(sorted(ACTIONS)),
        st.floats(-1e6, 1e6, width=64),
    ),
    max_size=40,
)


@given(_events, st.integers(0, 40))
def test_packing_in_between_changes_nothing(events: list[tuple[str, int, str, float]], at: int) -> None:
    straight, packed = UserState("user-012345"), UserState("user-012345")
    for number, (item, second, action, value) in enumerate(events):
        one = event(number, item, second * 1000, action, value)
        for state in (straight, packed):
            if state.admits(one, minute=second, limit=3):
                state.apply(one)
        if number == at:
            packed = unpack(pack(packed))
    assert pack(packed) == pack(straight)


def test_a_user_with_fifty_items_fits_two_kilobytes() -> None:
    assert len(pack(state_of(50, 50))) <= 2000


def test_no_history_makes_a_state_larger_than_32_kib() -> None:
    assert len(pack(state_of(5000, 5000, id_length=10))) <= 32 * KIB
    assert len(pack(state_of(2000, 2000, id_length=256, sets=300))) <= 32 * KIB


@pytest.mark.parametrize("id_length", [5, 12, 36, 100, 256])
def test_ids_that_cannot_be_compressed_do_not_either(id_length: int) -> None:
    rng = Random(1)
    state = UserState("u" * 256)

    def act(count: int, begin_ms: int, step_ms: int, action: str) -> None:
        for number in range(count):
            item_id = "".join(rng.choices(ascii_letters + digits, k=id_length))
            state.apply(
                event(begin_ms + number, item_id, begin_ms + number * step_ms, action, 1 + number / 7)
            )

    act(900, 10**6, 977_000, "click")
    act(1_500, 10**9, 1_000, "hide")
    act(300, 2 * 10**9, 0, "click")
    state.published([str(number) * id_length for number in range(10)])
    assert len(state.open) > 20
    assert 24 * KIB <= len(pack(state)) <= 32 * KIB


def test_the_head_is_read_without_the_rest() -> None:
    state = state_of(5, 3)
    found = head(pack(state))
    assert (found.user_id, found.cursor, found.applied_count, found.applied_xor) == (
        "user-012345",
        state.cursor,
        5,
        state.applied_xor,
    )


def test_a_state_from_before_first_times_were_remembered_has_the_last_for_them() -> None:
    state = UserState("user-012345")
    for number, item in enumerate("aba"):
        state.apply(event(number, item, number * 1_000))
    state.apply(event(3, "c", 9_000))
    *head_fields, body = msgspec.msgpack.decode(pack(state))
    columns = msgspec.msgpack.decode(bytes(lz4.decompress_block(body)))
    older = bytes(lz4.compress_block(msgspec.msgpack.encode(columns[:-4])))
    found = unpack(msgspec.msgpack.encode([*head_fields, older]))
    assert state.had["a"].first_s == 0
    assert {item: (had.first_s, had.last_s) for item, had in found.had.items()} == {"b": (1, 1), "a": (2, 2)}
    assert (found.history, found.open) == (state.history, state.open)


def test_the_items_that_a_state_names_can_be_read_by_themselves() -> None:
    state = state_of(3, 2, sets=2)
    state.apply(event(9, "hidden", 1_800_000_000_000, "hide"))
    state.published(["listed"])
    assert sorted(item_ids(pack(state))) == ["0000000000", "0000000001", "hidden", "listed"]
