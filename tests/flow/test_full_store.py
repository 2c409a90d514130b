"""The store cannot be written for a while: the learner goes on, and acknowledges nothing until a snapshot has it."""

import asyncio
import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException
from fsspec.implementations.local import LocalFileSystem

from streams import metrics
from streams.stores import StoreError, StoreUnavailableError
from streams.stores.snapshots import SnapshotStore
from tests.flow.river import MemoryRiver, run
from tests.flow.test_erasure import ask, click, erase, receipts, work_events
from tests.flow.test_lists_from_events import event, recommend_all, send


def failures() -> float:
    ((total, *_),) = (family.samples for family in metrics.SNAPSHOT_FAILURES.collect())
    return total.value


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.01)


@contextmanager
def refusing(error: OSError) -> Iterator[None]:
    def refuse(*_: object, **__: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalFileSystem, "_open", refuse)
        yield


FULL = OSError(errno.ENOSPC, "No space left on device")


def test_learning_goes_on_and_what_was_learned_is_acknowledged_later(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path, publish_interval_s=0.01, snapshot_interval_s=0.02)
    send(river, *(event(f"u{n}", "a", n) for n in range(20)))

    async def story() -> None:
        await recommend_all(river)
        async with river.learn() as learner:
            await river.learn_all(learner)
            folder = Path(river.settings.store_url) / f"{river.settings.topic_prefix}snapshots"
            folder.rmdir()
            folder.write_bytes(b"in the way")
            before, version = failures(), learner._version
            publishing = asyncio.create_task(learner.publish_regularly())
            await until(lambda: failures() >= before + 2)
            assert learner._version > version
            assert river.examples.fetch(1_000)
            assert not publishing.done()
            folder.unlink()
            await until(lambda: not river.examples.fetch(1_000))
            publishing.cancel()
            assert SnapshotStore(river.settings).names()

    run(river, story)


def test_a_learner_starts_with_a_store_that_is_full_and_not_with_one_that_it_may_not_write(
    tmp_path: Path,
) -> None:
    river = MemoryRiver(tmp_path)

    async def story() -> None:
        before = failures()
        with refusing(FULL):
            async with river.learn() as learner:
                with pytest.raises(StoreUnavailableError, match="written: No space left on device"):
                    await learner.save()
        assert failures() == before + 1
        with (
            refusing(PermissionError(errno.EACCES, "Permission denied")),
            pytest.raises(StoreError) as raised,
        ):
            async with river.learn():
                pass
        assert not isinstance(raised.value, StoreUnavailableError)

    run(river, story)


def test_what_an_erased_user_did_is_forgotten_once_and_the_receipt_says_how_much_it_was(
    tmp_path: Path,
) -> None:
    river = MemoryRiver(tmp_path)
    click(river, "a", "1")
    kept = {"a": 3}

    async def story() -> None:
        async with river.recommend() as worker, river.learn() as learner:
            learner._ranking.forget = lambda user_ids: {u: kept.pop(u, 0) for u in user_ids}  # type: ignore[method-assign]
            await work_events(river, worker)
            ask(river)
            await erase(river, worker)
            await river.learn_all(learner)
            with refusing(FULL), pytest.raises(StoreError):
                await learner.save()
            kept["a"] = 5  # the user is back
            await learner.save()

    run(river, story)
    (receipt,) = receipts(river)
    assert receipt.erased["replay"] == 3
    assert kept == {"a": 5}


@pytest.mark.parametrize("error", [KafkaException(KafkaError(KafkaError._TRANSPORT)), TimeoutError()])
def test_a_receipt_waits_for_kafka_and_then_says_all_that_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    river = MemoryRiver(tmp_path, publish_interval_s=0.01, snapshot_interval_s=0.02)
    click(river, "a", "1")
    errors = [error]

    def held_until(*_: object) -> dict[str, int | None]:
        if errors:
            raise errors.pop()
        return {}

    async def story() -> None:
        monkeypatch.setattr("streams.receipts.held_until", held_until)
        async with river.recommend() as worker, river.learn() as learner:
            await work_events(river, worker)
            await river.learn_all(learner)
            await learner.save()
            ask(river)
            await erase(river, worker)
            await river.learn_all(learner)
            publishing = asyncio.create_task(learner.publish_regularly())
            await until(lambda: receipts(river) or publishing.done())
            assert not publishing.done()
            publishing.cancel()

    run(river, story)
    (receipt,) = receipts(river)
    assert receipt.erased["snapshots"] == 1
