"""A real Kafka for every test of this folder: the configured one, one in Docker, or the embedded one."""

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.errors import DockerException  # type: ignore[import-untyped]  # has no stubs in the lock
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from deploy.embedded_kafka import EmbeddedKafka
from deploy.kafka_config import HOST, broker_properties
from deploy.kafka_jars import kafka_version
from deploy.ports import free_port
from deploy.readiness import is_ready

_DOCKER_START_S = 120
_PROPERTIES = {"log.cleaner.backoff.ms": "500", "broker.session.timeout.ms": "30000"}
"""What is to be compacted is looked for all the time; the default is 15 s. And a broker that gets no turn on a busy
machine keeps its partitions: it is alone, and nobody kills it."""
_LONGEST = (
    "bench",
    "metrics",
    "security",
    "errors",
    "warm_start",
    "erasure",
    "backup",
    "documents",
    "model",
    "fuzz",
)
"""The files that take a minute and more, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what takes longest, so that at the end nobody waits for it."""
    ranks = {f"test_{name}": rank for rank, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a broker, shared by all tests: keep to your own `topic_prefix`."""
    given = os.environ.get("FRESHET_KAFKA")
    if given:
        yield given
    elif _docker_runs():
        yield from _in_docker()
    else:
        with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), properties=_PROPERTIES) as broker:
            yield broker.bootstrap


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test's topics and groups have."""
    return f"t{secrets.token_hex(3)}-"


def _docker_runs() -> bool:
    """Whether an engine answers; a client on the PATH says nothing about that."""
    try:
        return bool(DockerClient(timeout=2).client.ping())
    except DockerException:
        return False


def _in_docker() -> Iterator[str]:
    """The same release with the same properties, in its official image, on one port inside and outside."""
    port = free_port()
    reachable = _PROPERTIES | {"listeners": f"PLAINTEXT://0.0.0.0:{port},CONTROLLER://{HOST}:9093"}
    properties = broker_properties(Path("/tmp/kraft-combined-logs"), port, 9093, reachable)
    container = DockerContainer(f"apache/kafka:{kafka_version()}").with_bind_ports(port, port)
    for name, value in properties.items():
        container = container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    with container:
        bootstrap = f"{HOST}:{port}"
        deadline = time.monotonic() + _DOCKER_START_S
        while not is_ready(bootstrap):
            assert time.monotonic() < deadline, f"Kafka in Docker was not ready after {_DOCKER_START_S} s"
            time.sleep(0.2)
        yield bootstrap
