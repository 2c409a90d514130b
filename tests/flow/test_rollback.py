"""A rollback comes while a learner takes over: whoever is first, what was rolled back to is served and learned on."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from online.saved import Saved
from streams import models
from streams.examples_to_model import ExamplesToModel
from streams.follower import Record
from streams.learned_ranking import new_ranking, with_ranking
from streams.models import ModelError, RolledBack
from streams.publications import PROGRESS_KEY, RANKING_KEY, decode_progress, decode_ranking
from streams.settings import Settings
from streams.stores.snapshots import Manifest, SnapshotStore
from streams.succession import SucceededError
from tests.flow.memory import MemoryKafka, MemoryProducer, _topic_ids
from tests.flow.river import NOBODY, MemoryRiver, run
from tests.flow.test_lists_from_events import event, recommend_all, send


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    """Of which a learner has saved a snapshot, as epoch 1."""
    made = MemoryRiver(tmp_path)
    send(made, event("u", "a", 1))

    async def story() -> None:
        await recommend_all(made)
        async with made.learn() as learner:
            await made.learn_all(learner)
            await learner.save()

    run(made, story)
    return made


class ClosedProducer(MemoryProducer):
    """That of a command."""

    async def close(self) -> None:
        """Nothing is open."""


@contextmanager
def commands(kafka: MemoryKafka) -> Iterator[None]:
    """Commands read and write this Kafka."""

    async def read_all(_settings: Settings, topic: str) -> list[Record]:
        log = kafka.records(topic)
        return [Record(r.partition, r.offset, r.key or b"", r.value, r.timestamp, {}) for r in log]

    with (
        patch("streams.status.read_all", read_all),
        patch("streams.models.topic_ids", _topic_ids),
        patch("streams.models.BatchProducer", lambda _settings: ClosedProducer(kafka)),
    ):
        yield


async def roll_back(river: MemoryRiver) -> RolledBack:
    with commands(river.kafka):
        return await models.rollback(river.settings, NOBODY, "00000001-")


def published(river: MemoryRiver) -> tuple[int, int]:
    """Under which progress and ranking were published last."""
    newest = river.kafka.newest("model")
    progress, ranking = newest[PROGRESS_KEY.decode()], newest[RANKING_KEY.decode()]
    return decode_progress(progress).epoch, decode_ranking(ranking).epoch


def test_a_learner_that_is_still_taking_over_gives_way(river: MemoryRiver) -> None:
    read = SnapshotStore.newest
    done: list[RolledBack] = []

    def newest(store: SnapshotStore, log_id: str) -> object:
        found = read(store, log_id)
        with patch.object(SnapshotStore, "newest", read):
            done.append(asyncio.run(roll_back(river)))
        return found

    async def story() -> None:
        with patch.object(SnapshotStore, "newest", newest), pytest.raises(SucceededError) as raised:
            async with river.learn():
                pass
        assert str(raised.value) == (
            "this learner's epoch is 2, but epoch 2 was saved: it starts anew from there"
        )
        assert [one.epoch for one in done] == [2]
        assert published(river) == (2, 2)
        async with river.learn():
            assert published(river) == (3, 3)

    run(river, story)


def test_so_does_one_that_publishes_while_it_is_saved(river: MemoryRiver) -> None:
    publish = ExamplesToModel._publish

    async def published_late(learner: ExamplesToModel) -> None:
        await roll_back(river)
        await publish(learner)

    async def story() -> None:
        with patch.object(ExamplesToModel, "_publish", published_late), pytest.raises(SucceededError):
            async with river.learn():
                pass

    run(river, story)


def test_a_rollback_goes_above_a_learner_that_took_over_while_it_was_saving(river: MemoryRiver) -> None:
    save = SnapshotStore.save

    def saved_late(store: SnapshotStore, manifest: Manifest, saved: Saved) -> str:
        async def take_over() -> None:
            async with river.learn():
                pass

        with patch.object(SnapshotStore, "save", save):
            if manifest.epoch == 2:
                asyncio.run(take_over())
            return save(store, manifest, saved)

    async def story() -> None:
        with patch.object(SnapshotStore, "save", saved_late):
            done = await roll_back(river)
        assert done.epoch == 3
        assert published(river) == (3, 3)
        assert [name[:8] for name in SnapshotStore(river.settings).names()] == ["00000001", "00000003"]

    run(river, story)


def test_what_a_rollback_saved_that_was_ended_before_it_published_is_gone_on_from(river: MemoryRiver) -> None:
    async def story() -> None:
        store = SnapshotStore(river.settings)
        async with river.learn() as learner:
            await learner.save()
            found = store.newest("id-of-examples")
            assert found is not None
            store.save(Manifest(3, 9, "id-of-examples", 0), found[1])
            send(river, event("u", "b", 2))
            await recommend_all(river)
            await river.learn_all(learner)
            with pytest.raises(SucceededError, match="epoch is 2, but epoch 3 was saved"):
                await learner.save()
            assert river.examples.fetch(1)
        async with river.learn() as learner:
            await learner.save()
        assert store.names()[-1].startswith("00000004-")

    run(river, story)


def test_what_was_learned_without_privacy_is_not_put_in_the_place_of_what_was_learned_with_it(
    river: MemoryRiver,
) -> None:
    store = SnapshotStore(river.settings)
    found = store.newest("id-of-examples")
    assert found is not None
    manifest, saved = found
    manifest.epoch, manifest.number = 2, 2
    private = new_ranking(river.settings.model_copy(update={"dp_epsilon": 8.0}))
    store.save(manifest, with_ranking(saved, private.save()))
    names = store.names()
    with pytest.raises(ModelError, match=r"only one of '00000001-' and the newest .* differential privacy"):
        asyncio.run(roll_back(river))
    assert store.names() == names
    with pytest.raises(ModelError, match="was learned with differential privacy: their weights"):
        asyncio.run(models.compare(river.settings, NOBODY, names[0], names[1], users=1))
