"""Where a running broker is: the state file in its data folder, believed only while its process lives."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from deploy.broker_error import BrokerError, writing

CONFIG_NAME = "server.properties"

_STATE_NAME = "state.json"
_LOCK_NAME = "lock"
_STOP_S = 30
_CLAIM_S = 3


@dataclass(frozen=True)
class BrokerState:
    """What others may know of a running broker."""

    bootstrap: str
    pid: int
    """The JVM."""
    guard_pid: int
    """Its parent; SIGTERM to it stops the broker in order."""
    cluster_id: str
    kafka_version: str
    data_dir: str
    started_ms: int


def write_state(data_dir: Path, state: BrokerState) -> None:
    """Let others find the broker."""
    written = data_dir / f"{_STATE_NAME}.new"
    written.write_text(json.dumps(asdict(state), indent=2) + "\n")
    written.replace(data_dir / _STATE_NAME)


def remove_state(data_dir: Path) -> None:
    """Forget the broker, which has stopped."""
    (data_dir / _STATE_NAME).unlink(missing_ok=True)


def running_state(data_dir: Path) -> BrokerState | None:
    """The state of the broker that runs on this folder, or None; a dead one's is not believed."""
    try:
        state = BrokerState(**json.loads((data_dir / _STATE_NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return state if _process(state.pid, data_dir) else None


def clear(home: Path) -> None:
    """Empty a folder in which somebody wants to run a broker of their own, in `home`/broker, and all else anew.

    Raises:
        BrokerError: a broker runs there, of another who does the same just now.
    """
    if state := running_state(home / "broker"):
        message = (
            f"another run is under way in {home}: its broker is {state.bootstrap}, pid {state.pid}; wait for it, "
            "or set another FRESHET_HOME"
        )
        raise BrokerError(message)
    shutil.rmtree(home, ignore_errors=True)


def stop_running(data_dir: Path) -> bool:
    """Stop the broker that runs on this folder, whoever started it, and wait until it is down.

    Returns:
        Whether one was running.
    """
    state = running_state(data_dir)
    if state is None:
        return False
    _end((_process(state.guard_pid, data_dir), _process(state.pid, data_dir)), data_dir)
    remove_state(data_dir)
    return True


def _end(found: Sequence[psutil.Process | None], data_dir: Path) -> None:
    """Ask the first (the guard asks the JVM), wait, and kill whoever is left."""
    processes = [process for process in found if process is not None]
    for process in processes[:1]:
        _send(process.terminate)
    deadline = time.monotonic() + _STOP_S
    # Not psutil.wait_procs: it waits on a zombie, and a container's first process may leave one for ever.
    while alive := [process for process in processes if _process(process.pid, data_dir)]:
        if time.monotonic() > deadline:
            for process in alive:
                _send(process.kill)
        time.sleep(0.05)


def _send(signal: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):
        signal()


def _process(pid: int, data_dir: Path) -> psutil.Process | None:
    """The live process of that id, if it was started for this folder: ids are used again by others."""
    try:
        process = psutil.Process(pid)
        ours = str(data_dir.resolve() / CONFIG_NAME) in process.cmdline()
        return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None


@contextmanager
def claimed(data_dir: Path) -> Iterator[int]:
    """Own the folder while starting a broker; a process that keeps the yielded descriptor owns it on.

    Raises:
        BrokerError: the folder has an owner, or cannot be written.
    """
    with writing(data_dir):
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / _LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(lock, data_dir)
        yield lock
    finally:
        os.close(lock)


def _wait_for(lock: int, data_dir: Path) -> None:
    """Take the lock; one that has just been killed takes a moment to die, and then its guard to notice."""
    deadline = time.monotonic() + _CLAIM_S
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise BrokerError(_owner_of(data_dir)) from None
        time.sleep(0.05)


def _owner_of(data_dir: Path) -> str:
    state = running_state(data_dir)
    if state is None:
        return f"another process is starting or stopping a broker on {data_dir}"
    return f"a broker already runs on {data_dir}: {state.bootstrap}, pid {state.pid}"
