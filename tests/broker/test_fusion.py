"""Learned fusion on real Kafka, as it comes: vectors change together with the taste, also with another learner."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from streams.publications import ITEM_PREFIX, SPACES_KEY, Spaces, decode_spaces, decode_vector
from streams.status import Model
from tests.broker.river import River, shoppers, wait_for

ITEMS = 60
WORDS = ("river", "mountain", "harbour", "forest", "desert", "glacier")


def test_what_is_learned_of_items_is_served_whole_and_outlives_the_learner(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    river = River(kafka, topic_prefix, tmp_path, snapshot_interval_s=2)

    def learned() -> Model:
        model = river.status().model
        assert model is not None
        return model

    def word() -> Spaces:
        found = river.newest("model").get(SPACES_KEY.decode())
        assert found is not None
        return decode_spaces(found)

    def generations() -> Sequence[int]:
        records = river.newest("model").items()
        return [decode_vector(v).generation for k, v in records if k.encode().startswith(ITEM_PREFIX) and v]

    def act(seed: int, events: int) -> None:
        for event in shoppers(events, seed, items=ITEMS):
            river.interact(event | {"timestamp_ms": event["timestamp_ms"] + seed * 10**7})
        river.flush()

    with river.workers(encode=1, learn=1, recommend=1) as workers:
        for number in range(ITEMS):
            title = f"The {WORDS[number % len(WORDS)]} of {WORDS[number // 10]} {number}"
            river.produce("media", {"item_id": f"item-{number}", "title": title}, f"item-{number}")
        river.flush()
        wait_for(lambda: len(generations()) == ITEMS, 60, lambda: str(river.status()))
        assert not word().taste
        seeds = count()

        def is_taught() -> bool:
            act(next(seeds), 300)  # steps have a share of the time, and are made as events come
            return bool(word().taste)

        wait_for(is_taught, 90, lambda: str(word()))
        taught = word()
        assert taught.generation > 0
        river.wait_settled()
        saved = learned()
        act(next(seeds), 50)
        wait_for(lambda: learned().snapshot != saved.snapshot, 30, lambda: str(river.status()))

        workers.kill("learn")
        act(next(seeds), 500)
        river.wait_settled()
        assert learned().epoch > saved.epoch
        assert word().taste
        # Of one generation all, or some already of the next that the word is still to come of.
        assert min(generations()) >= word().generation >= taught.generation
        river.wait_fresh()
