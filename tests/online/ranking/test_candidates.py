import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online.ranking.blend import FROM_REPEAT, SOURCES
from online.ranking.candidates import Candidates, best, shares
from online.ranking.evidence import (
    BLEND,
    CONTENT,
    FORWARD,
    FREQUENCY,
    GRAPH,
    HAD,
    LEARNED,
    RECENT,
    REPEAT,
    WITNESSES,
)
from online.ranking.network import Network
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from tests.online.ranking.made_networks import looking_at, network_of
from tests.online.streams_of_events import DAY_MS, START_MS, River, pairs


@pytest.fixture(scope="module")
def found() -> Candidates:
    """Candidates for which every source has something to say."""
    river = River(Recommender(RecommenderConfig(capacity=1_024, dim=4)))
    pairs(river)
    for number, item_id in enumerate("axpq"):
        river.recommender.put_vector(item_id, np.array([1, number, 0, 0], np.float32))
    for day in range(12):
        river.has("u", "own", *(["a"] if day > 9 else []), at_ms=START_MS + day * DAY_MS)
    return river.recommender.candidates(river.state("u"), now_ms=START_MS + 12 * DAY_MS, wall_ms=0)


def every(found: Candidates) -> np.ndarray:
    return np.arange(len(found.rows))


def test_without_a_network_the_blend_ranks_and_its_parts_are_owed(found: Candidates) -> None:
    (listed,) = best(found, None, 4)
    scores = found.evidence[:, BLEND]
    expected = sorted(every(found), key=lambda place: (-scores[place], found.rows[place]))[:4]
    assert listed.places.tolist() == expected
    assert listed.scores.tolist() == scores[expected].tolist()
    owed = shares(found, None, listed.places)
    np.testing.assert_allclose(
        owed * listed.scores[:, None], found.parts[listed.places], rtol=1e-4, atol=1e-7
    )


@pytest.mark.parametrize(
    ("column", "source"),
    [
        (GRAPH, "graph"), (FORWARD, "sequence"), (CONTENT, "content"), (FREQUENCY, "repeat"), (RECENT, "trending"),
    ],
)  # fmt: skip
def test_a_network_that_looks_at_one_column_orders_by_it_and_says_so(
    found: Candidates, column: int, source: str
) -> None:
    network = looking_at(column)
    (listed,) = best(found, network, len(found.rows))
    ordered = found.columns[listed.places, column]
    assert ordered[0] > ordered[-1]
    assert (np.diff(ordered) <= 1e-4).all()
    assert float(listed.scores.sum()) == pytest.approx(1, abs=1e-5)
    owed = shares(found, network, listed.places)
    only = [float(name == source) for name in SOURCES]
    assert owed.tolist() == [only if value > 0 else [0.0] * len(SOURCES) for value in ordered]


def test_what_makes_a_score_rise_owes_nothing(found: Candidates) -> None:
    assert not shares(found, looking_at(RECENT, -1.0), every(found)).any()


def test_a_network_that_looks_at_the_blend_owes_to_the_blends_parts(found: Candidates) -> None:
    place = int(found.evidence[:, BLEND].argmax())
    owed = shares(found, looking_at(BLEND), np.array([place]))[0]
    assert (owed > 0).tolist() == (found.parts[place] > 0).tolist()


def test_no_repeat_is_owed_where_the_user_never_had_the_item(found: Candidates) -> None:
    owed = shares(found, looking_at(REPEAT), every(found))[:, FROM_REPEAT]
    assert (found.evidence[:, REPEAT] > 0).all()
    assert owed.tolist() == found.evidence[:, HAD].tolist()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 999), st.integers(1, 8))
def test_shares_are_never_negative_and_add_up_to_one_or_to_nothing(
    found: Candidates, seed: int, width: int
) -> None:
    for network in (None, network_of(width, seed=seed)):
        owed = shares(found, network, every(found))
        assert (owed >= 0).all()
        totals = owed.sum(axis=1)
        assert (np.isclose(totals, 1, atol=1e-5) | (totals == 0)).all()


def test_ties_go_by_row(found: Candidates) -> None:
    (listed,) = best(found, looking_at(RECENT, 0.0), 3)
    assert found.rows[listed.places].tolist() == sorted(found.rows.tolist())[:3]


@pytest.mark.parametrize("network", [None, looking_at(RECENT)], ids=["blend", "network"])
def test_without_candidates_the_list_is_empty(network: Network | None) -> None:
    recommender = Recommender(RecommenderConfig(capacity=64, dim=4))
    state = River(recommender).state("u")
    found = recommender.candidates(state, now_ms=START_MS, wall_ms=0)
    (listed,) = best(found, network, 10)
    assert len(listed.places) == 0


def test_every_column_but_the_blends_is_one_sources_witness() -> None:
    assert sorted(column for columns in WITNESSES for column in columns) == list(range(BLEND + 1, LEARNED))
    assert len(WITNESSES) == len(SOURCES)


def test_in_a_hurry_there_are_fewer_candidates_and_the_most_popular_are_among_them() -> None:
    river = River(Recommender(RecommenderConfig(capacity=1_024, dim=4)))
    for number in range(100):
        for user in range(number // 10 + 1):
            river.has(f"u{user}", f"i{number}", at_ms=START_MS + number)
    recommender, nobody = river.recommender, river.state("nobody")
    calm = recommender.candidates(nobody, now_ms=START_MS, wall_ms=0)
    assert len(calm.rows) == 100
    hurried = recommender.candidates(nobody, now_ms=START_MS, wall_ms=0, hurried=True)
    ids = {recommender.catalogue.item_id(row) for row in hurried.rows.tolist()}
    assert len(ids) < 50
    assert ids >= {f"i{number}" for number in range(90, 100)}


def test_in_a_hurry_a_list_is_as_long() -> None:
    river = River(Recommender(RecommenderConfig(capacity=1_024, dim=4)))
    pairs(river)
    state = river.state("a1")
    lists = [
        river.recommender.recommend(state, now_ms=START_MS, wall_ms=0, k=3, hurried=hurried)
        for hurried in (False, True)
    ]
    assert len(lists[0]) == len(lists[1]) == 3
