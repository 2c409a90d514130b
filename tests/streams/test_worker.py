"""What a worker says to whoever starts it."""

import asyncio
import os
from pathlib import Path
from typing import Any, cast

import pytest

from streams.discovery import announce, ready_file
from streams.ownership import Ownership
from streams.settings import Settings
from streams.worker import _say_when_ready


class Loading:
    """As much of an ownership as is asked."""

    def __init__(self, partitions: set[int]) -> None:
        self.partitions = partitions
        self.loaded = asyncio.Event()


@pytest.mark.parametrize(
    ("partitions", "prefix", "said"),
    [({0, 3}, "", " is ready: "), ({0}, "shop-", " of shop- is ready: "), (set(), "", " stands by: ")],
)
def test_a_worker_says_once_it_has_loaded_that_it_works(
    partitions: set[int], prefix: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path, kafka="kafka:9092", topic_prefix=prefix, metrics_host="0.0.0.0")
    ready = ready_file(settings, "learn", os.getpid())

    async def story() -> None:
        loading = Loading(partitions)
        saying = asyncio.create_task(
            _say_when_ready("learn", settings, 9_100, cast(Ownership, cast(Any, loading)))
        )
        await asyncio.sleep(0)
        assert not ready.exists()
        loading.loaded.set()
        await saying
        assert ready.exists()

    with announce(settings, "learn", 9_100):
        asyncio.run(story())
    assert capsys.readouterr().err == (
        f"freshet: learn worker {os.getpid()}{said}Kafka at kafka:9092, metrics at http://127.0.0.1:9100/metrics\n"
    )
