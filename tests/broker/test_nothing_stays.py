"""Benches and the demo on somebody's own cluster: topics of their own, and none of them left."""

import io
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from rich.console import Console

from streams.bench.stage import stage
from streams.demo.run import Demo
from streams.demo.story import Story
from streams.settings import Settings

FORGET_S = 30.0
"""A topic that was deleted is listed for a moment more."""


def left(kafka: str, prefix: str) -> list[str]:
    """The prefix's topics that are there, and not only for a moment more."""
    admin, deadline_s = AdminClient({"bootstrap.servers": kafka}), time.monotonic() + FORGET_S
    while found := [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]:
        if time.monotonic() > deadline_s:
            break
        time.sleep(0.2)
    return found


def test_a_bench_that_cannot_begin_leaves_no_topics(
    kafka: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        msg = "no configuration may be altered"
        raise PermissionError(msg)

    monkeypatch.setattr("streams.bench.stage._stamp_by_broker", refuse)
    settings = Settings(kafka=kafka, topic_prefix=topic_prefix)
    with pytest.raises(PermissionError), stage(settings):
        pass
    assert left(kafka, f"{topic_prefix}bench-") == []


def test_each_demo_has_topics_of_its_own_and_takes_them_away(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(kafka=kafka, topic_prefix=topic_prefix, home=tmp_path, store=str(tmp_path / "theirs"))
    prefixes = set()
    for _ in range(2):
        demo = Demo(settings, Console(file=io.StringIO()), lambda _: Story("", [], {}), 1, 1, 0, False)
        with demo._kafka() as own:
            names = AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=10).topics
            assert f"{own.topic_prefix}interactions" in names
            assert own.store_url.startswith(str(tmp_path / "demo"))
            prefixes.add(own.topic_prefix)
    assert len(prefixes) == 2
    assert left(kafka, f"{topic_prefix}demo-") == []
