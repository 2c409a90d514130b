"""What becomes a candidate in small streams."""

from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from tests.online.streams_of_events import DAY_MS, START_MS, River


def test_what_several_had_in_the_last_hour_is_a_candidate_among_hundreds_more_popular() -> None:
    river = River(Recommender(RecommenderConfig(capacity=1_024, dim=4)))
    for number in range(3 * 400):
        river.has(f"u{number}", f"known {number % 400}")
    now_ms = START_MS + DAY_MS
    for user_id, item_id in (("v", "news"), ("w", "news"), ("v", "rare"), ("v", "known 1"), ("w", "known 1")):
        river.has(user_id, item_id, at_ms=now_ms)
    catalogue = river.recommender.catalogue
    found = river.recommender.candidates(river.state("new"), now_ms=now_ms, wall_ms=0)
    candidates = {catalogue.item_id(row) for row in found.rows}
    assert "news" in candidates
    assert "rare" not in candidates
    later = river.recommender.candidates(river.state("new"), now_ms=now_ms + 2 * 3_600_000, wall_ms=0)
    assert "news" not in {catalogue.item_id(row) for row in later.rows}
