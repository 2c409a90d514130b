"""The embedded broker: real JVMs, each start a few seconds, so each test asks several things of one."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from typer.testing import CliRunner, Result

from deploy.embedded_kafka import BrokerError, EmbeddedKafka, running_bootstrap, running_state, stop_running
from deploy.kafka_jars import kafka_version
from deploy.kafka_storage import cluster_id
from deploy.ports import free_port
from streams.cli import broker

_FRESHET = Path(sys.executable).with_name("freshet")
_TOPIC = "kept"


def _freshet(*arguments: str) -> Result:
    return CliRunner().invoke(broker.app, arguments)


def _produce(bootstrap: str, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for value in values:
        producer.send(_TOPIC, value).get(timeout=10)
    producer.close()


def _consume(bootstrap: str, count: int) -> list[bytes]:
    """The first values of the topic, read as a group: the coordinator has to work as well."""
    consumer = KafkaConsumer(
        _TOPIC, bootstrap_servers=bootstrap, group_id=f"g{count}", auto_offset_reset="earliest"
    )
    values = [record.value for record in itertools.islice(consumer, count)]
    consumer.close()
    return values


def _jvms_of(data_dir: Path) -> list[int]:
    """The live processes, JVM or guard, that were started for a data folder."""
    config = str(data_dir / "server.properties")
    return [each.pid for each in psutil.process_iter() if _mentions(each, config)]


def _mentions(process: psutil.Process, argument: str) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and argument in process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _await_none_of(data_dir: Path, limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while left := _jvms_of(data_dir):
        assert time.monotonic() < deadline, f"still alive after {limit_s} s: {left}"
        time.sleep(0.05)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "broker"
    stop_running(tmp_path / "broker")


def test_it_serves_at_once_and_keeps_its_data_through_sigkill(data_dir: Path) -> None:
    # A killed broker is let in again when its session is over.
    kafka = EmbeddedKafka(data_dir, properties={"broker.session.timeout.ms": "1500"})
    with kafka:
        first = kafka.bootstrap
        admin = KafkaAdminClient(bootstrap_servers=first)
        compressed = {"compression.type": "lz4"}  # by the broker, which unpacks a library for it
        admin.create_topics({_TOPIC: {"num_partitions": 1, "replication_factor": 1, "configs": compressed}})
        admin.close()
        _produce(first, b"1", b"2")
        assert _consume(first, 2) == [b"1", b"2"]
        assert running_bootstrap(data_dir) == first
        identity = cluster_id(data_dir / "data")

        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGKILL)
        assert kafka.start() == first
        _produce(first, b"3")
        assert _consume(first, 3) == [b"1", b"2", b"3"]
        assert cluster_id(data_dir / "data") == identity
        # What a killed JVM had unpacked does not pile up.
        assert len(list((data_dir / "logs").glob("liblz4*.so"))) == 1

        os.kill(kafka.pid, signal.SIGKILL)
        with pytest.raises(BrokerError, match="Kafka has ended: it was killed"):
            kafka.wait()
    assert _jvms_of(data_dir) == []
    assert running_bootstrap(data_dir) is None


@pytest.mark.parametrize("is_broker", [False, True], ids=["by a socket", "by a broker"])
def test_a_port_that_another_takes_meanwhile_is_left_to_it(
    kafka: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch, is_broker: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(kafka.split(":")[1]) if is_broker else taken.getsockname()[1]
        chosen = iter([port, free_port()])
        monkeypatch.setattr(
            "deploy.embedded_kafka.free_port", lambda *had: next(chosen, None) or free_port(*had)
        )
        with EmbeddedKafka(data_dir) as broker_elsewhere:
            assert broker_elsewhere.bootstrap != f"127.0.0.1:{port}"
            assert next(chosen, None) is None
            assert running_bootstrap(data_dir) == broker_elsewhere.bootstrap


def test_the_command_line_needs_no_java_and_two_brokers_run_at_once(kafka: str, data_dir: Path) -> None:
    here = ("--data", str(data_dir))
    assert _freshet("status", *here).exit_code == 1

    shell = {**os.environ, "PATH": "/nowhere", "JAVA_HOME": "/nowhere"}
    command = [str(_FRESHET), "broker", "start", *here]
    started = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=shell)
    assert started.returncode == 0, started.stderr
    bootstrap = started.stdout.strip()
    assert started.stdout == f"{bootstrap}\n"
    assert bootstrap != kafka
    assert _freshet("start", *here).stdout == started.stdout

    state = running_state(data_dir)
    assert state is not None
    assert _freshet("status", *here).stdout == f"{bootstrap} pid {state.pid}\n"
    told = json.loads(_freshet("status", *here, "--json", "-").stdout)
    assert (told["running"], told["bootstrap"], told["kafka_version"]) == (True, bootstrap, kafka_version())

    port = bootstrap.split(":")[1]
    clash = _freshet("start", "--data", str(data_dir.parent / "other"), "--port", port)
    assert (clash.exit_code, clash.stdout) == (2, "")
    expected = f"freshet: port {port} is in use on 127.0.0.1: choose another, or none for any that is free\n"
    assert clash.stderr == expected
    with pytest.raises(
        BrokerError, match=f"a broker already runs on {data_dir}: {bootstrap}, pid {state.pid}"
    ):
        EmbeddedKafka(data_dir).start()

    assert _freshet("stop", *here).stdout == "stopped\n"
    assert _jvms_of(data_dir) == []
    again = _freshet("stop", *here)
    assert (again.exit_code, again.stdout) == (0, "not running\n")
    gone = _freshet("status", *here, "--json", str(data_dir / "status.json"))
    assert (gone.exit_code, gone.stdout) == (1, "not running\n")
    assert json.loads((data_dir / "status.json").read_text()) == {"running": False}


def test_the_broker_dies_with_its_owner(data_dir: Path) -> None:
    command = [str(_FRESHET), "broker", "start", "--foreground", "--data", str(data_dir)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline().startswith("127.0.0.1:")
    owner.kill()
    owner.communicate()
    _await_none_of(data_dir, 2.5)

    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not _jvms_of(data_dir):
        time.sleep(0.02)
    owner.kill()
    owner.communicate()
    _await_none_of(data_dir, 2.5)


def test_sigterm_stops_the_foreground_in_order(data_dir: Path) -> None:
    command = [str(_FRESHET), "broker", "start", "--foreground", "--data", str(data_dir)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    owner.stdout.readline()
    owner.terminate()
    _, said = owner.communicate(timeout=30)
    assert (owner.returncode, said) == (0, "stopped\n")
    assert _jvms_of(data_dir) == []
    assert (data_dir / "data" / ".kafka_cleanshutdown").exists()
