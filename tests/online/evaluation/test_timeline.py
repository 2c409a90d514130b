from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online.evaluation.stream import stream_of
from online.evaluation.timeline import Ties, Timeline, timeline
from tests.online.evaluation.streams import permuted, random_baskets

BASKETS = stream_of(
    ["a", "a", "b", "a", "a"], ["milk", "tea", "milk", "milk", "milk"], [1_000, 1_000, 1_000, 9_000, 9_000]
)


def events(line: Timeline) -> list[tuple[int, int, int]]:
    return list(zip(line.users.tolist(), line.items.tolist(), line.event_ms.tolist(), strict=True))


def test_a_set_is_one_user_and_one_timestamp() -> None:
    line = timeline(BASKETS, "set", "allow", 0.0, seed=0)
    sizes = np.diff(line.set_start).tolist()
    assert line.set_count == 3
    assert sorted(sizes[:2]) == [1, 2]
    assert sizes[2] == 2


def test_an_item_twice_in_a_set_is_one_target() -> None:
    line = timeline(BASKETS, "set", "allow", 0.0, seed=0)
    assert line.is_target[line.set_of == 2].tolist() == [True, False]


def test_hide_makes_what_was_had_no_target() -> None:
    line = timeline(BASKETS, "set", "hide", 0.0, seed=0)
    assert not line.is_target[line.set_of == 2].any()
    assert line.is_target[line.set_of < 2].all()


def test_earlier_counts_leave_out_the_set_itself() -> None:
    line = timeline(BASKETS, "set", "allow", 0.0, seed=0)
    assert line.earlier_count[line.set_of == 2].tolist() == [2, 2]
    assert line.earlier_count[line.set_of == 0].max() == 0


def test_warm_up_is_of_time_for_sets_and_of_events_for_shuffle() -> None:
    stream = stream_of(["a"] * 5, ["x", "y", "z", "v", "w"], [0, 10, 20, 30, 1_000])
    assert timeline(stream, "set", "allow", 0.2, seed=0).is_scored.tolist() == [False] * 4 + [True]
    assert timeline(stream, "shuffle", "allow", 0.2, seed=0).is_scored.tolist() == [False] + [True] * 4


def test_shuffle_sets_are_single_events_at_rising_times_of_the_user() -> None:
    line = timeline(BASKETS, "shuffle", "allow", 0.0, seed=0)
    assert line.set_count == 5
    of_a = line.event_ms[line.users == 0]
    assert (np.diff(of_a) > 0).all()


def test_the_seed_decides_the_order_of_ties_and_nothing_else() -> None:
    stream = random_baskets(1)
    orders = {tuple(timeline(stream, "shuffle", "allow", 0.2, seed).items.tolist()) for seed in range(5)}
    assert len(orders) == 5
    totals = [Counter(timeline(stream, "set", "allow", 0.2, seed).items.tolist()) for seed in (0, 1)]
    assert totals[0] == totals[1]


def test_ties_of_different_users_are_ordered_independently() -> None:
    """An order by item alone would teach that tea comes after milk in every tie."""
    users = [f"u{n}" for n in range(400) for _ in range(2)]
    stream = stream_of(users, ["milk", "tea"] * 400, [n * 1_000 for n in range(400) for _ in range(2)])
    first = timeline(stream, "shuffle", "allow", 0.0, seed=0).items[::2]
    assert 0.4 < first.mean() < 0.6


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["set", "shuffle"]))
def test_the_order_of_the_file_leaves_no_trace(seed: int, ties: Ties) -> None:
    stream = random_baskets(seed)
    before, after = (timeline(s, ties, "hide", 0.2, 3) for s in (stream, permuted(stream, seed)))
    assert events(before) == events(after)
    assert before.values.tolist() == after.values.tolist()
    assert before.is_target.tolist() == after.is_target.tolist()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["set", "shuffle"]))
def test_histories_are_what_a_walk_collects(seed: int, ties: Ties) -> None:
    line = timeline(random_baskets(seed, 120), ties, "allow", 0.2, 3)
    walked: dict[int, list[tuple[int, int]]] = {}
    set_counts: Counter[int] = Counter()
    for number in range(line.set_count):
        start, end = line.set_start[number : number + 2]
        user = int(line.users[start])
        first, stop = line.histories.user_start[user], line.histories.end_before[number]
        slice_ = zip(line.histories.items[first:stop], line.histories.set_ordinal[first:stop], strict=True)
        assert [(int(i), int(o)) for i, o in slice_] == walked.setdefault(user, [])
        had = {item for item, _ in walked[user]}
        for place in range(start, end):
            assert line.is_new[place] == (line.items[place] not in had)
            if line.is_distinct[place]:
                walked[user].append((int(line.items[place]), set_counts[user]))
        set_counts[user] += 1


def test_a_limit_keeps_the_first_events_by_time() -> None:
    line = timeline(random_baskets(5), "set", "allow", 0.2, 0, limit=50)
    whole = timeline(random_baskets(5), "set", "allow", 0.2, 0)
    assert events(line) == events(whole)[:50]


@pytest.mark.parametrize("ties", ["set", "shuffle"])
def test_one_event_is_a_timeline(ties: Ties) -> None:
    assert timeline(stream_of(["a"], ["x"], [5]), ties, "allow", 0.2, 0).set_count == 1
