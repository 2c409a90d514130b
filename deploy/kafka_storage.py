"""Kafka's storage: formatted once, without waiting for Kafka's own tool every time."""

import base64
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from deploy.broker_error import BrokerError
from deploy.guarded import start_guarded
from deploy.kafka_config import broker_properties, java, write_properties
from deploy.kafka_jars import cache_dir, kafka_version

_CHECKPOINT = "bootstrap.checkpoint"
_META = "meta.properties"


def format_if_new(storage: Path, jars: Sequence[Path]) -> None:
    """Make `storage` a folder that a broker starts from; leaves one that is formatted as it is.

    A formatted folder is two files: its identity, and the features that a cluster of this release starts
    with. The second is the same for every cluster, so Kafka's tool, which takes seconds, makes it once.

    Raises:
        BrokerError: Kafka's tool fails.
    """
    meta = storage / _META
    if meta.exists():
        return
    storage.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_first_features(jars), storage / _CHECKPOINT)
    written = meta.with_suffix(".new")
    written.write_text(f"version=1\ncluster.id={_random_id()}\nnode.id=1\ndirectory.id={_random_id()}\n")
    written.replace(meta)


def cluster_id(storage: Path) -> str:
    """The cluster id of formatted storage."""
    lines = (storage / _META).read_text().splitlines()
    return next(line.removeprefix("cluster.id=") for line in lines if line.startswith("cluster.id="))


def _random_id() -> str:
    """A random UUID as Kafka writes it; never one that a command line would take for an option."""
    text = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    return _random_id() if text.startswith("-") else text


def _first_features(jars: Sequence[Path]) -> Path:
    cached = cache_dir() / f"kafka-{kafka_version()}-{_CHECKPOINT}"
    if not cached.exists():
        with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
            _format_with_kafka(Path(folder), jars)
            (Path(folder) / "storage" / _CHECKPOINT).replace(cached)
    return cached


def _format_with_kafka(folder: Path, jars: Sequence[Path]) -> None:
    config = folder / "server.properties"
    write_properties(config, broker_properties(folder / "storage", 9092, 9093, {}))
    arguments = ("format", "--cluster-id", _random_id(), "--config", str(config))
    said = folder / "said.txt"
    with said.open("wb") as out:
        command = java(jars, "kafka.tools.StorageTool", *arguments, logs=folder)
        with start_guarded(command, stderr=out) as tool:
            failed = tool.wait() != 0
    if failed:
        message = f"Kafka's storage tool failed: {' '.join(said.read_text(errors='replace').split())[-300:]}"
        raise BrokerError(message)
