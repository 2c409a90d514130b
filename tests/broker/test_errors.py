"""What an operator can mend is one line that names it, and exit code 2: here, what needs a cluster to show."""

import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from streams.kafka import admin_client
from streams.settings import PREFIX, TEXT_ONLY, Settings
from streams.topics import create, table
from tests.streams.failures import Failure, fail

PARTITIONS = "2"


@pytest.fixture(scope="module")
def prefix(kafka: str) -> str:
    """Of topics that are as they should be."""
    made = f"errors-{secrets.token_hex(3)}-"
    settings = Settings(kafka=kafka, topic_prefix=made, partitions=int(PARTITIONS))
    create(admin_client(settings), settings)
    return made


@pytest.fixture
def good(kafka: str, prefix: str, tmp_path: Path) -> dict[str, str]:
    """Settings that a worker would run with."""
    return {
        "kafka": kafka, "topic_prefix": prefix, "partitions": PARTITIONS, "home": str(tmp_path / "home"),
        "text_encoder": "hashing",
        **TEXT_ONLY,
    }  # fmt: skip


@pytest.mark.parametrize("role", ["recommend", "all"])
def test_missing_topics(good: dict[str, str], role: str) -> None:
    failed = fail("worker", role, **good | {"topic_prefix": "nothing-here-"})
    assert failed.code == 2
    assert failed.line.endswith(": missing; try `freshet topics create`")
    assert failed.line.count("missing") == 1
    assert failed.line.count("nothing-here-") == len(table(Settings()))


def test_another_number_of_partitions(good: dict[str, str]) -> None:
    failed = fail("worker", "all", **good | {"partitions": "5"})
    assert failed.code == 2
    said = ": 2 partitions, expected 5; set FRESHET_PARTITIONS as when it was created, or it must be created anew"
    assert failed.line.count(said) == 1
    assert f"{good['topic_prefix']}interactions, " in failed.line.partition(said)[0]


def test_a_topic_with_another_configuration(kafka: str, good: dict[str, str]) -> None:
    prefix = f"odd-{secrets.token_hex(3)}-"
    settings = Settings(kafka=kafka, topic_prefix=prefix, partitions=2)
    create(admin_client(settings), settings)
    alter(AdminClient({"bootstrap.servers": kafka}), f"{prefix}users", "min.compaction.lag.ms", "0")
    assert fail("worker", "all", **good | {"topic_prefix": prefix}) == Failure(
        2, f"{prefix}users: min.compaction.lag.ms is 0, expected 3600000; try `freshet topics alter`"
    )


def alter(admin: AdminClient, topic: str, name: str, value: str) -> None:
    from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its __all__
        AlterConfigOpType,
        ConfigEntry,
        ConfigResource,
        ResourceType,
    )

    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(30)


def test_a_metrics_port_in_use(good: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        failed = fail("worker", "recommend", **good | {"metrics_port": str(port)})
    assert failed.code == 2
    assert failed.line.startswith(
        f"the metrics' address 127.0.0.1:{port} cannot be had: Address already in use"
    )


def test_a_file_in_the_place_of_home(good: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    failed = fail("worker", "recommend", **good)
    assert failed == Failure(2, f"Not a directory: {tmp_path}/home/faust/recommend")


def test_a_file_in_the_place_of_the_store(good: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    failed = fail("worker", "learn", **good | {"store": f"{tmp_path}/store"})
    assert failed.code == 2
    assert failed.line.startswith(
        f"the store {tmp_path}/store/{good['topic_prefix']}snapshots cannot be written: "
    )


def test_an_unknown_kind_of_store(good: dict[str, str]) -> None:
    failed = fail("worker", "learn", **good | {"store": "nosuch://bucket"})
    assert failed == Failure(
        2,
        f"the store nosuch://bucket/{good['topic_prefix']}snapshots cannot be used: Protocol not known: nosuch",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk that is full")
def test_a_learner_starts_with_a_full_disk_and_says_so(good: dict[str, str], tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        with pytest.raises(OSError, match="No space left on device"):
            (disk / "filler").write_bytes(b"x" * 2**20)
        environ = os.environ | {
            f"{PREFIX}{name.upper()}": value for name, value in (good | {"store": f"{disk}/store"}).items()
        }
        command = [sys.executable, "-m", "streams.cli", "worker", "learn"]
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as learner:
            assert learner.stderr is not None
            said = next((line for line in learner.stderr if "learning goes on" in line), "")
            # One that ends does so at once.
            time.sleep(1)
            is_alive = learner.poll() is None
            learner.kill()
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    store = f"{disk}/store/{good['topic_prefix']}snapshots"
    assert f"the store {store} cannot be written: No space left on device" in said
    assert is_alive


def test_an_unknown_encoder(good: dict[str, str]) -> None:
    failed = fail("worker", "encode", **good | {"text_encoder": "word2vec"})
    assert failed == Failure(
        2,
        "FRESHET_TEXT_ENCODER or FRESHET_DEVICE: text encoder 'word2vec' is unknown; "
        "known are: hashing, minilm, wordllama, hf:NAME_OR_FOLDER and compressed:FOLDER",
    )


@pytest.mark.parametrize(
    ("role", "setting", "why"),
    [
        ("encode", "media_folder", "there is no such folder"),
        ("recommend", "rules", "No such file or directory"),
    ],
)
def test_a_setting_that_names_what_is_not_there(
    good: dict[str, str], role: str, setting: str, why: str
) -> None:
    failed = fail("worker", role, **good | {setting: "/nosuch/place"})
    assert failed == Failure(2, f"FRESHET_{setting.upper()}, /nosuch/place: {why}")


def test_a_worker_that_refuses_its_settings_stops_them_all(good: dict[str, str]) -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    environ |= {PREFIX + name.upper(): value for name, value in (good | {"text_encoder": "word2vec"}).items()}
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "worker", "all"],
        env=environ, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[1:] == [
        "freshet: FRESHET_TEXT_ENCODER or FRESHET_DEVICE: text encoder 'word2vec' is unknown; "
        "known are: hashing, minilm, wordllama, hf:NAME_OR_FOLDER and compressed:FOLDER"
    ]
