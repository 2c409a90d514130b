"""`freshet worker all`: worker processes that are restarted when they die and stopped together."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from streams.settings import PREFIX

EXIT_CONFIGURATION = 2
"""A worker's exit code when starting it again cannot help."""
TEND_S = 1.0
RESTART_LIMIT_S = 30.0
"""The longest pause before a worker that keeps dying is started again."""
STOP_S = 15.0
COMMAND = "streams.cli"
"""The module of the command `freshet`."""
EMPTY: Mapping[str, str] = {}


class Slot:
    """One worker's place: the process in it changes, its name does not."""

    def __init__(self, role: str, number: int, name: str, environ: Mapping[str, str]) -> None:
        self.role = role
        self.environ = environ
        self.number = number
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self.started_s = 0.0
        self.pause_s = 0.0
        self.wait_until_s = 0.0


class Supervisor:
    """Keeps worker processes alive, one in each slot. They end with it, also when it is killed.

    Slots may come and go in one thread while another tends them.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        environ: Mapping[str, str],
        log: Path | None = None,
        module: str = COMMAND,
    ) -> None:
        """Prepares the slots.

        Args:
            counts: How many workers of each role.
            environ: The workers' environment.
            log: Where their standard error goes; None shares this process's own.
            module: What runs as `python -m MODULE worker ROLE --parent PID`.
        """
        self._environ = dict(environ)
        self._log = log
        self._module = module
        self._prefix = f"{socket.gethostname()}-{os.getpid()}"
        self._made = 0
        self.slots: list[Slot] = []
        self._starting = threading.Lock()
        """Held by who starts processes, or takes their slots away: no slot gets two, and none that is gone gets one."""
        for role, count in counts.items():
            for _ in range(count):
                self._new_slot(role)

    def start(self) -> None:
        """Starts every worker."""
        for slot in self.slots:
            self._start(slot)

    def add(self, role: str, environ: Mapping[str, str] = EMPTY) -> Slot:
        """Starts one more worker, with more in its environment."""
        with self._starting:
            slot = self._new_slot(role, environ)
            self._start(slot)
        return slot

    def remove(self, slot: Slot) -> None:
        """Stops one worker for good."""
        with self._starting:
            self.slots.remove(slot)
        _end([slot])

    def pids(self, role: str) -> list[int]:
        """Process ids of the role's living workers, in the order of their slots."""
        processes = [slot.process for slot in self.slots if slot.role == role]
        return [p.pid for p in processes if p is not None and p.poll() is None]

    def are_ready(self, is_ready: Callable[[str, int], bool]) -> bool:
        """Whether there is a living worker in each slot, and each is ready."""
        processes = [(slot.role, slot.process) for slot in self.slots]
        return all(p is not None and p.poll() is None and is_ready(role, p.pid) for role, p in processes)

    def tend(self) -> int | None:
        """Starts again what has died, after a pause that doubles while it keeps dying.

        Returns:
            An exit code when it makes no sense to go on: a worker refused its configuration; else None.
        """
        with self._starting:
            return self._tend()

    def _tend(self) -> int | None:
        now_s = time.monotonic()
        for slot in self.slots:
            code = None if slot.process is None else slot.process.poll()
            if code == EXIT_CONFIGURATION:
                return EXIT_CONFIGURATION
            if code is not None and slot.process is not None:
                sys.stderr.write(
                    f"freshet: {slot.role} worker {slot.process.pid} ended with {code}, starting another\n"
                )
                lived_s = now_s - slot.started_s
                slot.pause_s = (
                    0.0 if lived_s > RESTART_LIMIT_S else min(RESTART_LIMIT_S, 2 * slot.pause_s + 0.5)
                )
                slot.process, slot.wait_until_s = None, now_s + slot.pause_s
            if slot.process is None and now_s >= slot.wait_until_s:
                self._start(slot)
        return None

    def stop(self) -> None:
        """Sends SIGTERM to all, waits, and kills what does not end."""
        _end(self.slots)

    def _new_slot(self, role: str, environ: Mapping[str, str] = EMPTY) -> Slot:
        self._made += 1
        slot = Slot(role, self._made, f"{self._prefix}-{role}-{self._made}", environ)
        self.slots.append(slot)
        return slot

    def _metrics_port(self, slot: Slot) -> dict[str, str]:
        """A given port is the first worker's; the others take the ports after it."""
        name = f"{PREFIX}METRICS_PORT"
        first = int(self._environ.get(name, "0"))
        return {name: str(first + slot.number - 1)} if first else {}

    def _start(self, slot: Slot) -> None:
        slot.started_s = time.monotonic()
        with _opened(self._log) as stderr:
            slot.process = subprocess.Popen(
                [sys.executable, "-m", self._module, "worker", slot.role, "--parent", str(os.getpid())],
                env={
                    **self._environ,
                    **self._metrics_port(slot),
                    **slot.environ,
                    f"{PREFIX}INSTANCE": slot.name,
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                # A terminal's Ctrl-C reaches the supervisor alone, which then stops the workers in order.
                start_new_session=True,
            )


@contextmanager
def _opened(log: Path | None) -> Iterator[int | None]:
    if log is None:
        yield None
    else:
        with log.open("ab") as file:
            yield file.fileno()


def _end(slots: list[Slot]) -> None:
    processes = [slot.process for slot in slots if slot.process is not None]
    for process in processes:
        process.terminate()
    deadline_s = time.monotonic() + STOP_S
    for process in processes:
        try:
            process.wait(max(0.1, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def supervise(
    counts: Mapping[str, int], environ: Mapping[str, str], is_ready: Callable[[str, int], bool]
) -> int:
    """Runs a supervisor until SIGTERM or SIGINT, and says when all its workers are ready.

    Args:
        counts: How many workers of each role.
        environ: The workers' environment.
        is_ready: Whether the worker of a role with this process id has loaded what it works with.

    Returns:
        The exit code: 0 after an orderly stop.
    """
    supervisor = Supervisor(counts, environ)
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.stderr.write("freshet: starting the workers (the first time they compile: a minute or two)\n")
    supervisor.start()
    code: int | None = None
    waiting = True
    while not stopping and code is None:
        time.sleep(TEND_S)
        code = supervisor.tend()
        if waiting and supervisor.are_ready(is_ready):
            waiting = False
            sys.stderr.write("freshet: all workers are ready\n")
    supervisor.stop()
    return 0 if code is None else code
