import asyncio
from pathlib import Path
from unittest.mock import patch

import pytest

from streams.producer import Outgoing
from streams.publications import PROGRESS_KEY, RANKING_KEY, Progress, Ranking, encode_progress, encode_ranking
from streams.succession import SucceededError, watch_epochs
from tests.flow.memory import MemoryFollower, MemoryKafka
from tests.flow.river import settings


class Watch:
    """A learner of epoch 3 that watches, and what it ends with."""

    def __init__(self, home: Path) -> None:
        self.kafka = MemoryKafka(settings(home))
        self.epoch: int | None = 3

    def publish(self, epoch: int) -> None:
        progress = Progress(epoch, 1, 0, "", [], None, None, 0, 0)
        self.kafka.append(Outgoing("model", PROGRESS_KEY, encode_progress(progress), 0))
        self.kafka.append(Outgoing("model", RANKING_KEY, encode_ranking(Ranking(epoch, 0, b"")), 0))

    async def ended(self, *epochs: int) -> str | None:
        """The reason, if it ended when these epochs were published."""
        follower = lambda _settings, topic: MemoryFollower(self.kafka, _settings, topic)  # noqa: E731
        with patch("streams.succession.Follower", follower):
            watching = asyncio.create_task(watch_epochs(settings(Path()), lambda: self.epoch))
            for epoch in epochs:
                await asyncio.sleep(0.05)
                self.publish(epoch)
            await asyncio.wait([watching], timeout=0.2)
            if not watching.done():
                watching.cancel()
                return None
            with pytest.raises(SucceededError) as raised:
                watching.result()
            return str(raised.value)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_a_higher_epoch_ends_it(watch: Watch) -> None:
    assert asyncio.run(watch.ended(2, 3, 5)) == (
        "this learner's epoch is 3, but epoch 5 publishes: it starts anew from there"
    )


def test_its_own_and_former_learners_do_not(watch: Watch) -> None:
    assert asyncio.run(watch.ended(3, 2)) is None


def test_nor_do_those_that_it_succeeded_itself(watch: Watch) -> None:
    watch.publish(1)
    watch.publish(2)
    assert asyncio.run(watch.ended()) is None


def test_a_standby_goes_on_standing_by(watch: Watch) -> None:
    watch.epoch = None
    assert asyncio.run(watch.ended(9)) is None


def test_what_was_published_while_it_took_over_ends_it_with_its_own_next_word(watch: Watch) -> None:
    async def story() -> str | None:
        watch.epoch = None
        ended = asyncio.create_task(watch.ended(5, 3))
        await asyncio.sleep(0.075)
        watch.epoch = 3
        return await ended

    assert asyncio.run(story()) == (
        "this learner's epoch is 3, but epoch 5 publishes: it starts anew from there"
    )
