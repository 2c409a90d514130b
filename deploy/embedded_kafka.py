"""Apache Kafka itself, as a child process: one broker in KRaft mode, with nothing to install but Python."""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.broker_error import PORT_TAKEN, BrokerError, PortTakenError, cause_of_death, writing
from deploy.broker_state import (
    CONFIG_NAME,
    BrokerState,
    claimed,
    clear,
    remove_state,
    running_state,
    stop_running,
    write_state,
)
from deploy.guarded import start_guarded
from deploy.kafka_config import HOST, broker_properties, java, ports_of, write_properties
from deploy.kafka_jars import class_path, kafka_version
from deploy.kafka_storage import cluster_id, format_if_new
from deploy.ports import free_port, is_free
from deploy.readiness import is_ready
from deploy.secure_listeners import SecureListeners

__all__ = [
    "BrokerError",
    "BrokerState",
    "EmbeddedKafka",
    "clear",
    "running_bootstrap",
    "running_state",
    "stop_running",
]

_START_S = 90
_STOP_S = 30
_HEAP_MB = 512
_STARTS = 3
"""Attempts, where another that starts just now takes a port between its choice and its use."""


def running_bootstrap(data_dir: Path) -> str | None:
    """The address of the broker that runs on this data folder, or None."""
    state = running_state(data_dir)
    return state.bootstrap if state else None


class EmbeddedKafka:
    """A real Kafka broker that lives as long as this process, at most.

    Its data folder keeps the cluster id, the data and the ports from one start to the next. However this
    process ends, the broker ends within two seconds, unless it was detached.

    Args:
        data_dir: where everything of the broker lies, its logs included (`logs/kafka.log`).
        port: where clients connect; by default the one that the folder had, or else any free one.
        listeners: let only those in who say who they are, to do only what they were allowed to.
        properties: more broker properties, by Kafka's names; they win over what is set here.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        listeners: SecureListeners | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        self._data_dir = data_dir.resolve()
        self._port = port
        self._listeners = listeners
        self._properties = dict(properties or {})
        self._guard: subprocess.Popen[bytes] | None = None
        self.pid: int | None = None
        """The JVM's process id, while it is meant to run."""
        self.bootstrap = ""
        """Where clients connect; known once it has started."""

    def start(self) -> str:
        """Start the broker, and wait until it serves: a topic could be created now.

        Returns:
            Its bootstrap address.

        Raises:
            BrokerError: it cannot start; the message says why in one line.
        """
        for _ in range(_STARTS - 1):
            try:
                return self._start()
            except PortTakenError:
                continue
        return self._start()

    def _start(self) -> str:
        with claimed(self._data_dir) as lock, writing(self._data_dir):
            # A guard from before has let the folder go, so its broker is dead.
            self.stop()
            command, bootstrap = self._prepare()
            with (self._data_dir / "logs" / "kafka.out").open("wb") as out:
                self._guard = start_guarded(command, stderr=out, keep_open=(lock,))
        try:
            self._await_ready(self._guard, bootstrap)
            self._publish(self._guard, bootstrap)
        except BaseException:
            self.stop()
            raise
        self.bootstrap = bootstrap
        return bootstrap

    def wait(self) -> None:
        """Wait for a broker that nobody stops.

        Raises:
            BrokerError: it has ended by itself; the message says why.
        """
        if self._guard is not None:
            self._guard.wait()
            message = f"Kafka has ended: {cause_of_death(self._data_dir / 'logs')}"
            raise BrokerError(message)

    def stop(self) -> None:
        """Stop the broker in order and wait until it is gone; nothing to do when it is not running."""
        guard, self._guard, self.pid = self._guard, None, None
        if guard is None:
            return
        with guard:
            guard.terminate()
            try:
                guard.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                guard.kill()
        remove_state(self._data_dir)

    def detach(self) -> None:
        """Let the running broker outlive this process; from now on `stop_running` stops it."""
        guard, self._guard = self._guard, None
        if guard is None or guard.stdin is None:
            message = "only a running broker can be detached"
            raise BrokerError(message)
        guard.stdin.write(b"d")
        guard.stdin.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self) -> tuple[list[str], str]:
        """Everything a start needs on disk: the broker's command and its bootstrap address."""
        jars = class_path()
        logs, storage, config = (self._data_dir / name for name in ("logs", "data", CONFIG_NAME))
        logs.mkdir(exist_ok=True)
        for left in logs.glob("lib*.so*"):
            left.unlink()
        port, controller_port = self._ports(config)
        format_if_new(storage, jars)
        secured = self._listeners.properties(port, controller_port) if self._listeners else {}
        more = secured | self._properties
        write_properties(config, broker_properties(storage, port, controller_port, more))
        command = java(jars, "kafka.Kafka", str(config), logs=logs, heap_mb=_HEAP_MB)
        return command, f"{HOST}:{port}"

    def _ports(self, config: Path) -> tuple[int, int]:
        if self._port is not None and not is_free(self._port):
            message = f"port {self._port} is in use on {HOST}: choose another, or none for any that is free"
            raise BrokerError(message)
        had = ports_of(config) or ()
        port = self._port if self._port is not None else free_port(*had[:1])
        controller_port = free_port(*had[1:])
        while controller_port == port:
            controller_port = free_port()
        return port, controller_port

    def _await_ready(self, guard: subprocess.Popen[bytes], bootstrap: str) -> None:
        logs = self._data_dir / "logs"
        own_id = cluster_id(self._data_dir / "data")
        deadline = time.monotonic() + _START_S
        while not is_ready(bootstrap, own_id):
            if guard.poll() is not None:
                cause = cause_of_death(logs)
                kind = PortTakenError if cause.startswith(PORT_TAKEN) else BrokerError
                message = f"Kafka did not start: {cause}"
                raise kind(message)
            if time.monotonic() > deadline:
                message = f"Kafka was not ready after {_START_S} s (see {logs})"
                raise BrokerError(message)
            time.sleep(0.05)

    def _publish(self, guard: subprocess.Popen[bytes], bootstrap: str) -> None:
        if guard.stdout is None:
            return
        self.pid = int(guard.stdout.readline())
        state = BrokerState(
            bootstrap=bootstrap,
            pid=self.pid,
            guard_pid=guard.pid,
            cluster_id=cluster_id(self._data_dir / "data"),
            kafka_version=kafka_version(),
            data_dir=str(self._data_dir),
            started_ms=time.time_ns() // 1_000_000,
        )
        with writing(self._data_dir):
            write_state(self._data_dir, state)
