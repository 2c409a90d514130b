import math

import numpy as np
import pytest
from numpy.typing import NDArray

from online.ranking.evidence import (
    AGE,
    BLEND,
    COLUMNS,
    FREQUENCY,
    GRAPH,
    LEARNED,
    LINKS,
    LOGGED,
    RATING,
    RECENT,
    SINCE_HAD,
)
from online.ranking.features import FEATURES, LARGEST, REQUEST, columns_of, features_of, means_of, request_of
from online.statistics.base import Query

NOON_S = 19_700 * 86_400.0 + 12 * 3_600


def user(times: list[float], history_s: list[int]) -> Query:
    had, ones = np.arange(len(times), dtype=np.int32), np.ones(len(times), np.float32)
    when = np.array(history_s, np.int64)
    rows = np.zeros(len(when), np.int32)
    seconds = np.zeros(len(times), np.int64)
    return Query(rows, when, had, ones, np.array(times, np.float32), seconds, seconds, NOON_S)


def named(request: NDArray[np.float32]) -> dict[str, float]:
    return dict(zip(REQUEST, request.tolist(), strict=True))


def test_amounts_become_logarithms_of_their_scale_and_the_rest_stays() -> None:
    evidence = np.zeros((1, COLUMNS), np.float32)
    scales = {BLEND: 1e-5, GRAPH: 1e-3, LINKS: 1, RECENT: 1, FREQUENCY: 0.1, SINCE_HAD: 0.05, AGE: 0.05}
    for column, scale in scales.items():
        evidence[0, column] = (math.e - 1) * scale
    evidence[0, RATING] = -2.5
    columns = columns_of(evidence)
    assert columns.shape == (1, LEARNED)
    assert columns[0, list(scales)].tolist() == pytest.approx([1.0] * len(scales), rel=1e-5)
    assert columns[0, RATING] == -2.5
    assert np.count_nonzero(columns) == len(scales) + 1


@pytest.mark.parametrize(("rating", "column"), [(1e12, LARGEST), (-1e12, -LARGEST), (99.0, 99.0)])
def test_what_is_no_amount_is_bounded_so_that_it_can_be_logged(rating: float, column: float) -> None:
    evidence = np.zeros((1, COLUMNS), np.float32)
    evidence[0, RATING] = rating
    columns = columns_of(evidence)
    assert columns[0, RATING] == column
    assert np.isfinite(columns.astype(np.float16)).all()


def test_features_are_columns_their_difference_from_the_list_and_the_request() -> None:
    columns = np.arange(2 * LEARNED, dtype=np.float32).reshape(2, LEARNED)
    means = np.array([[5], [7]], np.float32).repeat(LOGGED, axis=1)
    requests = np.arange(2 * len(REQUEST), dtype=np.float32).reshape(2, -1)
    features = features_of(columns, np.array([1, 0], np.int32), means, requests)
    assert features.shape == (2, FEATURES)
    for row, number in ((0, 1), (1, 0)):
        expected = [*columns[row], *(columns[row, :LOGGED] - means[number]), *requests[number]]
        assert features[row].tolist() == expected


def test_means_are_each_lists_own_and_nothing_without_candidates() -> None:
    columns = np.arange(3 * LEARNED, dtype=np.float32).reshape(3, LEARNED)
    means = means_of(columns, np.array([0, 2, 2, 3]), LOGGED)
    assert means.tolist() == [
        columns[:2, :LOGGED].mean(axis=0).tolist(), [0.0] * LOGGED, columns[2, :LOGGED].tolist()
    ]  # fmt: skip


def test_a_request_says_how_long_how_late_and_how_repetitive() -> None:
    hour_before = int(NOON_S) - 3_600
    found = named(request_of(user([3, 1, 1, 5], [hour_before, 7]), 0.25, 0.5, 99))
    expected = {
        "history_length": math.log(5),
        "gap": math.log(2),
        "hour_sin": 0,
        "hour_cos": -1,
        # Four items in ten sets' entries: six of ten were had again.
        "own_repeats": 0.6,
        "repeats": 0.5,
        "known": 0.25,
        "candidates": math.log(100),
    }
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_user_without_history_has_neither_gap_nor_repeats() -> None:
    found = named(request_of(user([], []), 0, 0, 0))
    assert found.pop("hour_cos") == pytest.approx(-1)
    assert found == pytest.approx(dict.fromkeys(found, 0.0), abs=1e-5)


def test_an_event_from_the_future_is_no_negative_gap() -> None:
    assert named(request_of(user([1], [int(NOON_S) + 50]), 0, 0, 1))["gap"] == 0
