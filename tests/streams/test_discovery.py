import json
import os
from pathlib import Path

import pytest

from streams.discovery import announce, folder, ready_file
from streams.settings import Settings
from streams.status import read_workers


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_a_worker_is_announced_as_long_as_it_serves(settings: Settings) -> None:
    with announce(settings, "learn", 9_100):
        (found,) = read_workers(settings)
        assert (found.role, found.worker) == ("learn", str(os.getpid()))
        assert found.metrics == "http://127.0.0.1:9100/metrics"
        (file,) = folder(settings).iterdir()
        assert json.loads(file.read_text())[0]["labels"]["tenant"] == settings.topic_prefix
    assert list(folder(settings).iterdir()) == []


def test_a_worker_is_ready_once_it_says_so_and_until_it_ends(settings: Settings) -> None:
    folder(settings).mkdir(parents=True)
    ready = ready_file(settings, "learn", os.getpid())
    ready.touch()  # as one of the same number that was killed left it
    with announce(settings, "learn", 9_100):
        assert not ready.exists()
        ready.touch()
        assert [found.role for found in read_workers(settings)] == ["learn"]
    assert not ready.exists()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("10.0.0.7", "10.0.0.7"),
        ("fd00::7", "[fd00::7]"),
        ("inside", "inside"),
    ],
)
def test_a_worker_is_announced_where_it_can_be_reached(tmp_path: Path, host: str, address: str) -> None:
    settings = Settings(home=tmp_path, metrics_host=host)
    with announce(settings, "learn", 9_100):
        assert [found.metrics for found in read_workers(settings)] == [f"http://{address}:9100/metrics"]


def test_a_worker_that_is_killed_while_it_writes_leaves_nothing_to_be_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Path, text: str) -> int:
        self.write_bytes(text[:5].encode())
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", killed)
        with pytest.raises(KeyboardInterrupt):
            announce(settings, "learn", 9_100).__enter__()
    assert len(list(folder(settings).iterdir())) == 1
    assert read_workers(settings) == []


def test_what_workers_left_that_are_gone_is_removed(settings: Settings) -> None:
    folder(settings).mkdir(parents=True)
    for name in ("learn-999999999.json", "encode-999999998.part", "learn-999999999.ready"):
        (folder(settings) / name).write_text("")
    with announce(settings, "recommend", 9_100):
        assert [file.name for file in folder(settings).iterdir()] == [f"recommend-{os.getpid()}.json"]


def test_a_worker_that_ends_while_it_is_read_is_none(settings: Settings) -> None:
    with announce(settings, "learn", 9_100):
        (folder(settings) / "encode-1.json").symlink_to("gone")
        assert [found.role for found in read_workers(settings)] == ["learn"]


def test_workers_of_another_tenant_in_the_same_home_are_not_ones_own(settings: Settings) -> None:
    other = Settings(home=settings.home, topic_prefix="other.")
    with announce(other, "learn", 9_100):
        assert read_workers(settings) == []
        assert [found.role for found in read_workers(other)] == ["learn"]


def test_a_worker_that_does_not_say_whose_it_is_is_ones_own(settings: Settings) -> None:
    folder(settings).mkdir(parents=True)
    entry = {"targets": ["127.0.0.1:9100"], "labels": {"role": "learn", "worker": "7"}}
    (folder(settings) / "learn-7.json").write_text(json.dumps([entry]))
    other = Settings(home=settings.home, topic_prefix="other.")
    assert [found.worker for tenant in (settings, other) for found in read_workers(tenant)] == ["7", "7"]


def test_a_file_of_somebody_elses_in_the_folder_is_left_alone(settings: Settings) -> None:
    folder(settings).mkdir(parents=True)
    (folder(settings) / "notes.txt").write_text("")
    with announce(settings, "learn", 9_100):
        assert len(read_workers(settings)) == 1
    assert [file.name for file in folder(settings).iterdir()] == ["notes.txt"]
