import numpy as np

from online.statistics.base import Observation
from online.statistics.once import once
from online.statistics.symmetric_graph import SymmetricGraph

A, B, C = 1, 2, 3


def observed(rows: list[int], repeated: list[bool], history: list[int]) -> Observation:
    count = len(rows)
    return Observation(
        np.array(rows, np.int32),
        np.ones(count, np.float32),
        np.array(repeated, np.bool_),
        np.zeros(count, np.float32),
        np.full(count, np.nan, np.float32),
        np.array(history, np.int32),
        np.arange(len(history), 0, -1, dtype=np.int64),
        100.0,
    )


def test_what_was_had_before_is_left_out_and_a_history_has_each_item_where_it_was_last() -> None:
    found = once(observed([A, B], [True, False], [C, A, C, A, A]))
    assert found.rows.tolist() == [B]
    assert len(found.weights) == len(found.is_repeat) == len(found.gap_s) == len(found.ratings) == 1
    assert found.history.tolist() == [C, A]
    assert found.history_s.tolist() == [5, 4]


def test_an_item_that_is_had_after_everything_is_tied_to_each_thing_once() -> None:
    graph = SymmetricGraph(8, float("inf"))
    graph.fold(once(observed([A], [False], [B])))
    weights = graph.edges.weights[B, : graph.edges.sizes[B]].tolist()
    for _ in range(5):
        graph.fold(once(observed([A], [True], [B, A])))
    assert graph.edges.weights[B, : graph.edges.sizes[B]].tolist() == weights
