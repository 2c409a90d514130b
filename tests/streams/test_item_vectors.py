import asyncio
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, cast

import numpy as np

from online.modality_index import ModalityIndex
from online.statistics.base import Floats
from streams.embeddings import Embedded, Embedding, encode_embedding
from streams.first_impressions import FirstImpressions
from streams.follower import Record
from streams.item_vectors import ADVANCE_SHARE, VECTOR_DIM, Combination, Fusion, ItemVectors
from streams.producer import Outgoing
from streams.publications import (
    PROGRESS_KEY,
    SPACES_KEY,
    Progress,
    Spaces,
    decode_spaces,
    decode_vector,
    encode_progress,
)
from streams.settings import Settings
from streams.time_share import TimeShare
from tests.flow.memory import MemoryKafka, MemoryProducer

SETTINGS = Settings()
MEDIA_MS = 5_000
UNIT: Floats = np.eye(1, VECTOR_DIM, dtype=np.float32)[0]


def embedded(*vector: float, error: str | None = None, encoder: str = "encoder") -> Embedded:
    data = b"" if error else np.array(vector, np.float16).tobytes()
    return Embedded("hash", encoder, data, error)


def write(kafka: MemoryKafka, item_id: str, *rows: Embedded) -> None:
    modalities = dict(zip(("text", "image"), rows, strict=False))
    value = encode_embedding(Embedding(item_id, modalities, media_ms=MEDIA_MS)) if rows else None
    kafka.append(Outgoing("embeddings", item_id.encode(), value, 0))


async def published_by(
    kafka: MemoryKafka,
    epoch: int = 3,
    first: FirstImpressions | None = None,
    fusion: Fusion | None = None,
) -> None:
    """A learner that takes over, follows for a moment and stops."""
    with kafka.instead():
        vectors = ItemVectors(SETTINGS, cast(Any, MemoryProducer(kafka)), lambda: None, fusion, first)
        await vectors.load(lambda _record: None)
        ready = asyncio.Event()
        following = asyncio.create_task(vectors.follow(ready, lambda: epoch))
        for _ in range(3):
            await asyncio.sleep(0)
        ready.set()
        async with asyncio.timeout(10):
            while vectors._waiting:
                await asyncio.sleep(0.001)
        # What was taken to be published is written within the next turns.
        for _ in range(3):
            await asyncio.sleep(0)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def newest(kafka: MemoryKafka, item_id: str) -> np.ndarray:
    row = decode_vector(kafka.newest("model")[f"item/{item_id}"])
    assert row.epoch == 3
    return np.frombuffer(row.vector, np.float16).astype(np.float32)


def test_a_new_item_is_published_with_a_unit_vector() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, "i", embedded(3.0, 4.0))
    asyncio.run(published_by(kafka))
    vector = newest(kafka, "i")
    assert vector.shape == (VECTOR_DIM,)
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-3


def test_what_was_withdrawn_and_comes_again_as_it_was_while_nobody_learns_is_published() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, "i", embedded(3.0, 4.0))
    asyncio.run(published_by(kafka))
    write(kafka, "i")
    asyncio.run(published_by(kafka))
    assert "item/i" not in kafka.newest("model")
    write(kafka, "i", embedded(3.0, 4.0))
    asyncio.run(published_by(kafka))
    assert newest(kafka, "i").any()


def test_what_a_former_learner_published_late_is_published_again() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, "i", embedded(3.0, 4.0))
    progress = encode_progress(Progress(2, 1, 0, "", [], None, None, 0, 0))
    kafka.append(Outgoing("model", PROGRESS_KEY, progress, 0))
    asyncio.run(published_by(kafka, epoch=1))
    asyncio.run(published_by(kafka))
    assert newest(kafka, "i").any()


def test_what_is_published_already_is_not_published_again() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, "i", embedded(3.0, 4.0))
    asyncio.run(published_by(kafka))
    asyncio.run(published_by(kafka))
    assert [r.key for r in kafka.records("model")] == [b"item/i", SPACES_KEY]
    write(kafka, "i", embedded(4.0, 3.0))
    asyncio.run(published_by(kafka))
    assert [r.key for r in kafka.records("model")] == [b"item/i", SPACES_KEY, b"item/i"]


class Noted(FirstImpressions):
    """Only notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int]] = []

    def come(self, item_id: str, came_ms: int) -> None:
        self.told.append((item_id, came_ms))

    def gone(self, item_id: str) -> None:
        self.told.append((item_id, 0))


def test_what_is_new_and_what_is_deleted_is_told_once() -> None:
    kafka, first = MemoryKafka(SETTINGS), Noted()
    write(kafka, "i", embedded(3.0, 4.0))
    asyncio.run(published_by(kafka, first=first))
    assert first.told == [("i", MEDIA_MS)]
    write(kafka, "i", embedded(4.0, 3.0))
    asyncio.run(published_by(kafka, first=first))
    assert first.told == [("i", MEDIA_MS)]
    write(kafka, "i")
    asyncio.run(published_by(kafka, first=first))
    assert first.told == [("i", MEDIA_MS), ("i", 0)]


def test_a_deleted_item_and_one_without_any_vector_end_with_a_tombstone() -> None:
    kafka = MemoryKafka(SETTINGS)
    for item_id in ("deleted", "failed", "never"):
        write(kafka, item_id, *([] if item_id == "never" else [embedded(1.0, 0.0)]))
    asyncio.run(published_by(kafka))
    write(kafka, "deleted")
    write(kafka, "failed", embedded(error="cannot be read"))
    asyncio.run(published_by(kafka))
    assert generations(kafka) == {}
    assert {r.key for r in kafka.records("model")} == {b"item/deleted", b"item/failed", SPACES_KEY}


def test_other_records_of_the_topic_go_where_they_belong() -> None:
    kafka = MemoryKafka(SETTINGS)
    progress = encode_progress(Progress(1, 1, 0, "", [], None, None, 0, 0))
    kafka.append(Outgoing("model", PROGRESS_KEY, progress, 0))
    found: list[Record] = []
    with kafka.instead():
        vectors = ItemVectors(SETTINGS, cast(Any, MemoryProducer(kafka)), lambda: None)
        asyncio.run(vectors.load(found.append))
    assert [record.value for record in found] == [progress]


def test_modalities_of_different_length_are_added_up() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, "text", embedded(1.0, 0.0))
    write(kafka, "both", embedded(1.0, 0.0), embedded(0.0, 1.0, 0.0))
    write(kafka, "one failed", embedded(1.0, 0.0), embedded(error="cannot be read"))
    asyncio.run(published_by(kafka))
    assert np.array_equal(newest(kafka, "text"), newest(kafka, "one failed"))
    assert not np.allclose(newest(kafka, "text"), newest(kafka, "both"), atol=1e-2)


def generations(kafka: MemoryKafka) -> dict[str, int]:
    found = kafka.newest("model")
    return {key: decode_vector(v).generation for key, v in found.items() if key.startswith("item/")}


def test_another_encoders_vectors_are_published_when_all_of_them_are_there() -> None:
    kafka = MemoryKafka(SETTINGS)
    for item_id in "ab":
        write(kafka, item_id, embedded(1.0, 0.0, encoder="old"))
    asyncio.run(published_by(kafka))
    before = {item_id: newest(kafka, item_id) for item_id in "ab"}
    write(kafka, "a", embedded(0.0, 1.0, encoder="new"))
    write(kafka, "late", embedded(0.0, 1.0, encoder="new"))
    asyncio.run(published_by(kafka))
    # Nothing of the new space is served yet, not even of an item that has nothing else.
    assert generations(kafka) == {"item/a": 0, "item/b": 0}
    assert all(np.array_equal(newest(kafka, item_id), before[item_id]) for item_id in "ab")
    write(kafka, "b", embedded(0.0, 1.0, encoder="new"))
    asyncio.run(published_by(kafka))
    assert generations(kafka) == {"item/a": 1, "item/b": 1, "item/late": 1}
    assert not any(np.allclose(newest(kafka, item_id), before[item_id]) for item_id in "ab")
    # That they are served is said after the last of them.
    last = kafka.records("model")[-1]
    assert (last.key, decode_spaces(last.value or b"")) == (SPACES_KEY, Spaces(3, 1, {"text": "new"}))


def test_a_learner_that_takes_over_goes_on_with_the_served_spaces() -> None:
    kafka = MemoryKafka(SETTINGS)
    write(kafka, "a", embedded(1.0, 0.0, encoder="old"))
    asyncio.run(published_by(kafka))
    write(kafka, "a", embedded(0.0, 1.0, encoder="new"))
    asyncio.run(published_by(kafka))
    asyncio.run(published_by(kafka))
    write(kafka, "b", embedded(0.0, 1.0, encoder="new"))
    asyncio.run(published_by(kafka))
    assert generations(kafka) == {"item/a": 1, "item/b": 1}


def test_without_the_modality_that_is_named_first_items_are_the_least_alike() -> None:
    rng, names, checked = np.random.default_rng(2), ("text", "image", "audio"), 0
    combination, index = Combination(), ModalityIndex(64)
    for _ in range(300):
        first = {name: _unit(rng.standard_normal(256)) for name in names}
        likeness = dict(zip(names, rng.permutation([0.1, 0.2, 0.9]), strict=True))
        second = {
            name: _unit(likeness[name] * first[name] + 0.05 * rng.standard_normal(256)) for name in names
        }
        for row, media in enumerate((first, second)):
            for name, vector in media.items():
                index.put(row, name, "s", vector)
        whole = combination.combine(second)
        left = {}
        for name in names:
            rest = combination.combine({other: v for other, v in first.items() if other != name})
            assert rest is not None
            assert whole is not None
            left[name] = float(rest @ whole)
        named = next(iter(index.alike(0, 1)))
        checked += named == min(left, key=left.__getitem__)
    # The projections to few dimensions are not exact.
    assert checked > 270


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


class Moving:
    """A fusion that has always moved."""

    digest = "0"

    def vector(self, item_id: str, media: Mapping[str, Floats]) -> Floats | None:
        return UNIT if media else None

    def moved(self) -> bool:
        return True

    def advance(self) -> Iterator[dict[str, Floats]]:
        self.digest = str(int(self.digest) + 1)
        yield {"i": UNIT}

    def taste(self) -> bytes:
        return b""


def test_after_all_vectors_were_published_the_rest_of_the_time_is_for_other_things() -> None:
    kafka, clock = MemoryKafka(SETTINGS), count(100.0, 0.001).__next__  # to look takes a millisecond

    async def story() -> list[int]:
        producer = cast(Any, MemoryProducer(kafka))
        vectors = ItemVectors(
            SETTINGS, producer, lambda: None, Moving(), time_share=TimeShare(ADVANCE_SHARE, clock)
        )
        generations = []
        for _ in range(24):
            await vectors._publish(3, lambda: True)  # publishing all takes a millisecond, too
            generations.append(vectors._generation)
        return generations

    with kafka.instead():
        generations = asyncio.run(story())
    assert generations.count(1) in range(18, 22)
    assert generations[-1] == 2


def test_who_is_no_learner_any_more_publishes_no_further_vectors() -> None:
    kafka = MemoryKafka(SETTINGS)
    producer = cast(Any, MemoryProducer(kafka))
    # All the time may be its own: it must not depend on how long the first turn took.
    vectors = ItemVectors(SETTINGS, producer, lambda: None, Moving(), time_share=TimeShare(1.0))
    with kafka.instead():
        asyncio.run(vectors._publish(3, lambda: False))
        assert not kafka.newest("model")
        asyncio.run(vectors._publish(3, lambda: True))
    assert "item/i" in kafka.newest("model")


def test_what_is_deleted_before_all_vectors_are_made_anew_is_withdrawn() -> None:
    kafka = MemoryKafka(SETTINGS)
    for item_id in ("kept", "deleted"):
        write(kafka, item_id, embedded(3.0, 4.0))
    asyncio.run(published_by(kafka))
    write(kafka, "deleted")
    asyncio.run(published_by(kafka, fusion=Moving()))
    assert [key for key in kafka.newest("model") if key.startswith("item/")] == ["item/kept"]
