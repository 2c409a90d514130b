"""Categories and tags alike are what a taste is for."""

import pytest

from online.item import Item
from online.ranking.evidence import CATEGORY, CATEGORY_LAST
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from tests.online.streams_of_events import START_MS, River


def test_the_share_of_an_items_labels_in_what_the_user_had() -> None:
    river = River(Recommender(RecommenderConfig(repeats="hide", capacity=64, dim=4)))
    recommender = river.recommender
    for item_id, category, tags in (
        ("had", "drama", ["war"]), ("both", "war", ["drama"]), ("half", "war", ["comedy"]), ("none", "", []),
    ):  # fmt: skip
        recommender.put_item(Item(item_id, category=category, tags=tags))
        river.has("others", item_id)
    river.has("u", "had")
    found = recommender.candidates(river.state("u"), now_ms=START_MS, wall_ms=START_MS)
    shares = {
        recommender.catalogue.item_id(row): tuple(evidence[[CATEGORY, CATEGORY_LAST]].tolist())
        for row, evidence in zip(found.rows.tolist(), found.evidence, strict=True)
    }
    assert shares["both"] == pytest.approx((1.0, 1.0))
    assert shares["half"] == pytest.approx((0.5, 0.5))
    assert shares["none"] == (0.0, 0.0)
