"""What the learner says while another encoder's vectors come in."""

from pathlib import Path

from prometheus_client import REGISTRY

from streams.embeddings import Embedded, Embedding, encode_embedding
from streams.follower import Record
from streams.publications import PROGRESS_KEY, decode_progress
from tests.flow.river import MemoryRiver, run


def embedded(item_id: str, encoder: str) -> Record:
    embedding = Embedding(item_id, {"text": Embedded("hash", encoder, b"\0\x3c\0\0")})
    return Record(0, 0, item_id.encode(), encode_embedding(embedding), 0, {})


def test_items_that_hold_up_a_change_are_counted(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)

    def behind() -> dict[str, int]:
        told = [r.value for r in river.kafka.records("model") if r.key == PROGRESS_KEY and r.value]
        return decode_progress(told[-1]).items_behind

    async def story() -> None:
        async with river.learn() as learner:
            for item_id in ("a", "b", "c"):
                learner._vectors._take(embedded(item_id, "old"))
            await learner._publish()
            assert behind() == {}
            learner._vectors._take(embedded("a", "new"))
            await learner._publish()
            assert behind() == {"text": 2}
            assert REGISTRY.get_sample_value("freshet_items_behind", {"modality": "text"}) == 2
            assert REGISTRY.get_sample_value("freshet_items_behind", {"modality": "image"}) == 0

    run(river, story)
