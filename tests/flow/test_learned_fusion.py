"""Item vectors that are learned: how they come to the lists, whole or not at all."""

from pathlib import Path

import numpy as np

from online.fusion.learner import RAMP_STEPS, STEP_EXAMPLES, FusionConfig, FusionLearner
from streams.embeddings import Embedded, Embedding, encode_embedding
from streams.examples_to_model import ExamplesToModel
from streams.follower import Record
from streams.learned_fusion import LearnedFusion
from streams.producer import Outgoing
from streams.publications import SPACES_KEY, decode_spaces
from streams.time_share import TimeShare
from tests.flow.river import MemoryRiver, run
from tests.online.fusion.made import ITEMS, media_of, sets

SMALL = FusionConfig(capacity=256, replayed=16, negatives=16)


def fusion() -> LearnedFusion:
    return LearnedFusion(FusionLearner(SMALL), TimeShare(1.0))


def embed(river: MemoryRiver, item_id: str, number: int) -> None:
    rows = {
        name: Embedded("hash", name, vector.astype(np.float16).tobytes())
        for name, vector in media_of(number, "text", "image").items()
    }
    river.kafka.append(Outgoing("embeddings", item_id.encode(), encode_embedding(Embedding(item_id, rows))))


async def publish(river: MemoryRiver, learner: ExamplesToModel) -> None:
    """What `follow` does in a turn, with all embeddings read."""
    for record in river.kafka.records("embeddings"):
        learner._vectors._take(
            Record(record.partition, record.offset, record.key or b"", record.value, 0, {})
        )
    await learner._vectors._publish(learner._epoch, lambda: True)


async def teach(learner: ExamplesToModel) -> None:
    assert learner._fusion is not None
    for example_set in sets("image", (RAMP_STEPS + 40) * STEP_EXAMPLES):
        learner._fusion.learn(example_set, 0)


def test_vectors_and_taste_change_together_and_outlive_the_learner(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    for number in range(ITEMS):
        embed(river, f"i{number}", number)

    def towers() -> list[tuple[int, bool]]:
        found = [
            decode_spaces(r.value) for r in river.kafka.records("model") if r.key == SPACES_KEY and r.value
        ]
        return [(spaces.generation, bool(spaces.taste)) for spaces in found]

    async def story() -> None:
        async with river.recommend() as worker:
            recommender = worker.lists.recommender

            async def reread() -> dict[str, np.ndarray]:
                await worker.model.load_items()
                ids = [*(f"i{number}" for number in range(ITEMS)), "new"]
                vectors = {item_id: recommender.vector(item_id) for item_id in ids}
                return {item_id: vector for item_id, vector in vectors.items() if vector is not None}

            def is_taught() -> bool:
                return recommender.taste is not None

            async with river.learn(fusion=fusion()) as learner:
                await publish(river, learner)
                assert towers() == [(0, False)]
                before = await reread()
                assert len(before) == ITEMS
                assert not is_taught()
                await teach(learner)
                await publish(river, learner)
                assert towers() == [(0, False), (1, True)]
                after = await reread()
                assert is_taught()
                assert np.mean([after[i] @ before[i] for i in before]) < 0.98
                embed(river, "new", 3)
                await publish(river, learner)
                await worker.model.load_items()
                new = recommender.vector("new")
                assert new is not None
                assert new @ after["i3"] > 0.99
                await learner.save()
            async with river.learn(fusion=fusion()) as learner:
                await publish(river, learner)
                assert towers()[2:] == []  # it serves what its snapshot says
            # One whose snapshots are lost has learned nothing: its vectors are another tower's, and all are new.
            for path in (tmp_path / "store").rglob("*"):
                if path.is_file():
                    path.unlink()
            async with river.learn(fusion=fusion()) as learner:
                await publish(river, learner)
                assert towers()[2:] == [(2, False)]
                assert (await reread()).keys() == {*before, "new"}
                assert not is_taught()
            # And fixed projections are not compared with learned vectors either.
            async with river.learn() as learner:
                await publish(river, learner)
                assert towers()[3:] == [(3, False)]

    run(river, story)
