"""Laws that every streaming statistic obeys."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online.recommender_config import RecommenderConfig
from online.saved import Saved
from online.statistics.ages import Ages
from online.statistics.base import Observation, Query, Statistic
from online.statistics.content import Content
from online.statistics.exposures import Exposures
from online.statistics.forward_graph import ForwardGraph
from online.statistics.popularity import Popularity
from online.statistics.popularity_by_length import PopularityByLength
from online.statistics.ratings import Ratings
from online.statistics.repeats import Repeats
from online.statistics.rhythm import Rhythm
from online.statistics.short_graph import ShortGraph
from online.statistics.symmetric_graph import SymmetricGraph
from online.statistics.together import Statistics

CAPACITY = 32
DAY_S = 86_400.0
SMALL = RecommenderConfig(capacity=CAPACITY, dim=4)


def content() -> Content:
    made = Content(CAPACITY, 4)
    for row in range(CAPACITY):
        angle = row / CAPACITY
        made.put(row, np.array([math.cos(angle), math.sin(angle), 0.1, 0], np.float32))
    return made


MAKERS: dict[str, Callable[[], Statistic]] = {
    "symmetric": lambda: SymmetricGraph(CAPACITY, DAY_S),
    "forward": lambda: ForwardGraph(CAPACITY, DAY_S),
    "popularity": lambda: Popularity(CAPACITY, DAY_S),
    "all-time": lambda: Popularity(CAPACITY, math.inf),
    "first-time": lambda: Popularity(CAPACITY, DAY_S, first_time_only=True),
    "repeats": lambda: Repeats(CAPACITY, DAY_S),
    "short": lambda: ShortGraph(CAPACITY, DAY_S),
    "by-length": lambda: PopularityByLength(CAPACITY, DAY_S),
    "rhythm": lambda: Rhythm(CAPACITY),
    "ages": lambda: Ages(CAPACITY),
    "ratings": lambda: Ratings(CAPACITY),
    "content": content,
    "exposures": lambda: Exposures(CAPACITY),
}
every_statistic = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def observed(
    rows: list[int], history: list[int], time_s: float = 1e9, *, repeated: bool = False
) -> Observation:
    return Observation(
        np.array(rows, np.int32),
        np.ones(len(rows), np.float32),
        np.full(len(rows), repeated),
        np.full(len(rows), 3_600.0 if repeated else 0.0, np.float32),
        np.full(len(rows), 4.0 if rows[0] % 2 else 2.0, np.float32),
        np.array(history, np.int32),
        np.arange(len(history), 0, -1, dtype=np.int64),
        time_s,
        np.array(sorted({*rows, *history}), np.int32),
    )


def asked(history: list[int], now_s: float = 1e9) -> Query:
    had = np.array(sorted(set(history)), np.int32)
    times = np.arange(len(history), 0, -1, dtype=np.int64)
    ones, last_s = np.ones(len(had), np.float32), np.full(len(had), int(now_s) - 3_600)
    return Query(np.array(history, np.int32), times, had, ones, ones, last_s, last_s, now_s)


def taught(make: Callable[[], Statistic]) -> Statistic:
    statistic = make()
    for step in range(40):
        items = [step % 7, (step * 3) % 11]
        statistic.fold(
            observed(list(dict.fromkeys(items)), [(step + 1) % 7, 12], 1e9 + step, repeated=step % 3 == 0)
        )
    return statistic


ALL = np.arange(CAPACITY, dtype=np.int32)


@every_statistic
def test_without_folds_nothing_is_known_and_nothing_fails(make: Callable[[], Statistic]) -> None:
    statistic = make()
    empty = asked([])
    assert len(statistic.candidates(empty, 5)) == 0
    assert not statistic.score(empty, ALL).any()


@every_statistic
def test_candidates_are_the_best_scores_in_order(make: Callable[[], Statistic]) -> None:
    statistic = taught(make)
    query = asked([1, 2, 12])
    rows = statistic.candidates(query, 5)
    scores = statistic.score(query, ALL)
    assert 0 < len(rows) <= 5
    assert len(set(rows.tolist())) == len(rows)
    best = sorted(ALL.tolist(), key=lambda row: (-scores[row], row))
    assert rows.tolist() == best[: len(rows)]


@every_statistic
def test_an_unknown_row_of_a_history_is_skipped(make: Callable[[], Statistic]) -> None:
    statistic = taught(make)
    statistic.fold(observed([3], [-1, 2]))
    assert np.isfinite(statistic.score(asked([-1, 2, -1]), ALL)).all()
    assert -1 not in statistic.candidates(asked([-1, 2]), CAPACITY)


@every_statistic
def test_a_snapshot_goes_on_exactly_like_the_original(make: Callable[[], Statistic]) -> None:
    original, restored = taught(make), make()
    restored.fold(observed([30], [29]))
    restored.load(original.save())
    for statistic in (original, restored):
        statistic.fold(observed([5, 20], [1, 3], 1e9 + DAY_S))
    query = asked([1, 3, 5], 1e9 + 2 * DAY_S)
    np.testing.assert_array_equal(original.score(query, ALL), restored.score(query, ALL))
    assert original.candidates(query, 9).tolist() == restored.candidates(query, 9).tolist()


@every_statistic
def test_a_forgotten_row_is_as_if_never_seen(make: Callable[[], Statistic]) -> None:
    statistic = taught(make)
    statistic.forget(np.array([2, 12], np.int32))
    query = asked([1, 3])
    assert not statistic.score(query, np.array([2, 12], np.int32)).any()
    assert not {2, 12} & set(statistic.candidates(query, CAPACITY).tolist())


@every_statistic
@settings(max_examples=15, deadline=None)
@given(
    sets=st.lists(
        st.tuples(
            st.lists(st.integers(0, CAPACITY - 1), min_size=1, max_size=4, unique=True),
            st.lists(st.integers(-1, CAPACITY - 1), max_size=6),
            st.floats(0, 4e9),
        ),
        max_size=20,
    )
)
def test_whatever_is_folded_scores_stay_finite_and_follow_from_the_log(
    make: Callable[[], Statistic], sets: list[tuple[list[int], list[int], float]]
) -> None:
    first, second = make(), make()
    for statistic in (first, second):
        for rows, history, time_s in sets:
            statistic.fold(observed(rows, history, time_s))
    query = asked([1, 2, 3])
    scores = first.score(query, ALL)
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    np.testing.assert_array_equal(scores, second.score(query, ALL))


def same(one: Saved, other: Saved) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 20), min_size=1, max_size=6, unique=True),
            st.lists(st.integers(-1, 20), max_size=8),
            st.integers(0, 400),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_folded_together_statistics_are_as_if_folded_one_by_one(
    sets: list[tuple[list[int], list[int], int, bool]],
) -> None:
    together, one_by_one = Statistics(SMALL), Statistics(SMALL)
    for rows, history, days, repeated in sets:
        learned = observed(rows, history, 1e9 + days * DAY_S, repeated=repeated)
        together.fold(learned)
        stream_s = one_by_one.clock.advance(learned.timestamp_s, len(rows))
        for statistic in one_by_one:
            decays = hasattr(statistic, "decay")
            statistic.fold(learned._replace(timestamp_s=stream_s) if decays else learned)
        assert same(together.save(), one_by_one.save())
        loaded = Statistics(SMALL)
        loaded.load(together.save())
        assert same(loaded.save(), together.save())
