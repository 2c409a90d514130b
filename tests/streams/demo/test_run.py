import io
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from streams.demo.errors import DemoError
from streams.demo.run import Demo, have_announced
from streams.demo.story import Story
from streams.discovery import folder
from streams.settings import Settings


def _announce(settings: Settings, role: str, pid: int) -> None:
    folder(settings).mkdir(parents=True, exist_ok=True)
    labels = {"tenant": settings.topic_prefix, "role": role, "worker": str(pid)}
    entry = [{"targets": [f"127.0.0.1:{pid}"], "labels": labels}]
    (folder(settings) / f"{role}-{pid}.json").write_text(json.dumps(entry))


def test_the_demo_waits_for_its_own_workers_beside_any_number_of_others(tmp_path: Path) -> None:
    others = Settings(home=tmp_path)
    own = others.model_copy(update={"topic_prefix": "demo-"})
    for pid, role in enumerate(("encode", "learn", "recommend", "recommend"), 1):
        _announce(others, role, pid)
    assert not have_announced(own)
    for pid, role in enumerate(("encode", "learn", "recommend"), 5):
        assert not have_announced(own)
        _announce(own, role, pid)
    assert have_announced(own)


def _demo(settings: Settings) -> Demo:
    return Demo(
        settings, Console(file=io.StringIO()), lambda _: Story("", [], {}), 5, 1, 0, with_console=False
    )


class RefusedWorkers:
    """A supervisor whose workers refuse their settings."""

    def __init__(self, *_: object) -> None:
        """Nothing is started."""

    def start(self) -> None:
        """They end at once."""

    def tend(self) -> int:
        return 2

    def stop(self) -> None:
        """There is nothing to stop."""


def test_workers_that_refuse_their_settings_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.demo.run.Supervisor", RefusedWorkers)
    monkeypatch.setattr("streams.demo.run.WORKERS_S", 1.0)
    settings = Settings(home=tmp_path)
    with (
        pytest.raises(DemoError, match="a worker refuses its configuration"),
        _demo(settings)._workers(settings),
    ):
        pass


class Watching:
    """Reads nothing, until it is told to stop."""

    latencies_ms: tuple[int, ...] = ()
    progress = None
    sent_count = 0

    def run(self, stop: threading.Event) -> None:
        stop.wait(30)

    def sent(self, _purchase: object) -> None:
        """Nothing is sent."""


def test_ctrl_c_just_when_the_live_part_begins_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("streams.demo.run.time.sleep", interrupted)
    before, nothing = threading.active_count(), Any
    feed: Any = type("Feed", (), {"live": nothing})
    watch: Any = Watching()
    result = _demo(Settings(home=tmp_path))._live(watch, feed, [], Story("", [], {}), feed)
    assert (result.events, result.lists) == (0, 0)
    assert threading.active_count() == before
