import numpy as np
import pytest

from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.statistics.base import Observation
from online.statistics.symmetric_graph import SymmetricGraph
from online.statistics.teaching import teaching
from tests.online.streams_of_events import START_MS, River

A, B, C = 1, 2, 3
PAUSE_S = 10.0


def observed(
    rows: dict[int, float | None], history: list[int], history_s: list[int] | None = None
) -> Observation:
    """A set: of each item for how long the user had not had it, None for ever. A second between a history's entries."""
    count, places = len(rows), range(len(history), 0, -1)
    return Observation(
        np.array(list(rows), np.int32),
        np.ones(count, np.float32),
        np.array([gap_s is not None for gap_s in rows.values()], np.bool_),
        np.array([gap_s or 0.0 for gap_s in rows.values()], np.float32),
        np.full(count, np.nan, np.float32),
        np.array(history, np.int32),
        np.array(list(places) if history_s is None else history_s, np.int64),
        100.0,
    )


def test_what_was_had_shortly_before_is_left_out_and_what_was_had_long_before_is_not() -> None:
    found = teaching(observed({A: 9.9, B: None, C: 10.0}, []), PAUSE_S)
    assert found.rows.tolist() == [B, C]
    assert len(found.weights) == len(found.is_repeat) == len(found.gap_s) == len(found.ratings) == 2


def test_a_history_has_an_item_where_it_was_first_unless_a_pause_lies_between() -> None:
    found = teaching(observed({B: None}, [A, C, A, A], [31, 30, 22, 20]), PAUSE_S)
    assert (found.history.tolist(), found.history_s.tolist()) == ([C, A], [30, 20])
    found = teaching(observed({B: None}, [A, C, A, A], [32, 30, 22, 12]), PAUSE_S)
    assert found.history_s.tolist() == [32, 30, 22, 12]


def test_an_item_that_is_had_after_everything_is_no_more_tied_to_it_than_one_that_was_had_once() -> None:
    pushing, once = SymmetricGraph(8, float("inf")), SymmetricGraph(8, float("inf"))
    for graph, history in ((pushing, [A, C, A, B, A]), (once, [C, B, A])):
        graph.fold(teaching(observed({4: None}, history), PAUSE_S))
    for row in range(8):
        assert pushing.edges.weights[row].tolist() == once.edges.weights[row].tolist()


@pytest.mark.parametrize("days", [1.0, 0.0])
def test_what_is_pushed_leaves_no_trace_in_any_statistic_while_it_says_nothing_new(days: float) -> None:
    saved = []
    for pushes in (0, 3):
        recommender = Recommender(RecommenderConfig(capacity=64, teach_again_after_days=days))
        river = River(recommender)
        for step, item_id in enumerate(("a", "b", "c")):
            at_ms = START_MS + step * 3_600_000
            river.has("bot", item_id, at_ms=at_ms)
            for push in range(pushes if step else 1):
                river.has("bot", "pushed", at_ms=at_ms + 1_000 * (1 + push))
        arrays = [statistic.save() for statistic in recommender.statistics]
        saved.append([(name, array.tolist()) for part in arrays for name, array in part.items()])
    without, pushed = map(repr, saved)
    assert (without == pushed) == (days > 0)
