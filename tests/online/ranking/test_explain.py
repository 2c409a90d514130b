import numpy as np
import pytest

from online.events import Past
from online.ranking.blend import FROM_CONTENT, FROM_GRAPH, FROM_REPEAT, FROM_TRENDING, SOURCES
from online.ranking.evidence import BECAUSE, COLUMNS, FREQUENCY, GRAPH, GRAPH_MOST
from online.ranking.explain import RankedItem, Reason, explain, most_alike, why
from online.statistics.base import Queries
from online.statistics.lags import LagDecay

HISTORY = [Past("last", 2, "click"), Past("before", 1, "click")]
NOTHING = (-1, 0.0)


def explained(
    owed: dict[int, float],
    seen: dict[int, float],
    content: tuple[int, float] = NOTHING,
    modalities: dict[str, float] | None = None,
) -> RankedItem:
    shares = np.array([[owed.get(source, 0.0) for source in range(len(SOURCES))]], np.float32)
    evidence = np.zeros((1, COLUMNS), np.float32)
    evidence[0, BECAUSE] = -1
    for column, value in seen.items():
        evidence[0, column] = value
    found = why(shares, evidence, np.array([content[0]]), np.array([content[1]], np.float32))
    source, entry, weight = (part.tolist()[0] for part in found)
    return explain("i", 0.5, source, entry, round(weight, 6), HISTORY, modalities or {})


def test_of_the_graph_it_is_the_entry_that_added_most_and_its_part() -> None:
    item = explained({FROM_GRAPH: 0.8, FROM_TRENDING: 0.2}, {GRAPH: 4, GRAPH_MOST: 3, BECAUSE: 1})
    assert item == RankedItem("i", 0.5, "graph", [Reason("because_of_item", "before", None, 0.6)])


def test_of_a_repeat_it_is_the_item_itself() -> None:
    item = explained({FROM_REPEAT: 0.7, FROM_GRAPH: 0.3}, {FREQUENCY: 1, GRAPH: 1, BECAUSE: 0})
    assert (item.source, item.reasons) == ("repeat", [Reason("because_of_item", "i", None, 0.7)])


def test_of_content_it_is_what_is_most_alike() -> None:
    item = explained({FROM_CONTENT: 1}, {}, content=(0, 0.75))
    assert (item.source, item.reasons) == ("content", [Reason("because_of_item", "last", None, 0.75)])


def test_of_content_each_modality_has_its_share() -> None:
    item = explained({FROM_CONTENT: 0.8}, {}, content=(1, 0.5), modalities={"image": 0.75, "text": 0.25})
    assert [(r.item_id, r.modality) for r in item.reasons] == [("before", "image"), ("before", "text")]
    assert [r.weight for r in item.reasons] == pytest.approx([0.3, 0.1])


def test_what_weighs_nothing_is_no_reason() -> None:
    item = explained({FROM_TRENDING: 1}, {GRAPH: 4, GRAPH_MOST: 3, BECAUSE: 1})
    assert (item.source, item.reasons) == ("trending", [])


def test_where_nothing_is_owed_the_source_is_whether_it_was_had() -> None:
    assert explained({}, {FREQUENCY: 1}) == RankedItem("i", 0.5, "repeat", [])
    assert explained({}, {}) == RankedItem("i", 0.5, "trending", [])


def queries_of(histories: list[list[int]]) -> Queries:
    """Users with these rows, each a second after the one behind it, and nothing else."""
    starts = np.cumsum([0, *map(len, histories)])
    rows = np.array([row for history in histories for row in history], np.int32)
    times = np.array([-place for history in histories for place in range(len(history))], np.int64)
    nothing, zero = np.zeros(0, np.float32), np.zeros(0, np.int64)
    ends = np.zeros(len(histories) + 1, np.int64)
    return Queries(
        rows, times, starts, rows[:0], nothing, nothing, zero, zero, ends, np.zeros(len(histories))
    )


def test_most_alike_is_the_largest_weighted_cosine_of_those_above_zero() -> None:
    units = np.array([[1, 0], [0, 1], [-1, 0], [0, 0], [0.6, 0.8]], np.float32)
    lag = LagDecay(4, 0.5)  # the last entry of the second user lies too far back
    asked = queries_of([[1], [1, -1, 0, 2, 0]])
    rows, lists = np.array([4, 4, 0, 3, 2], np.int32), np.array([0, 1, 1, 1, 1], np.int32)
    places, shares = most_alike(units, asked, lag, rows, lists)
    assert places.tolist() == [0, 0, 2, -1, 3]
    assert shares.tolist() == pytest.approx([1.0, 0.8 / (0.8 + 0.6 / 4), 1.0, 0.0, 1.0])
