"""The store cannot be written for a while: the learner goes on, and acknowledges nothing until a snapshot has it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from streams import metrics
from streams.stores.snapshots import SnapshotStore
from tests.flow.river import MemoryRiver, run
from tests.flow.test_lists_from_events import event, recommend_all, send


def failures() -> float:
    ((total, *_),) = (family.samples for family in metrics.SNAPSHOT_FAILURES.collect())
    return total.value


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.01)


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
