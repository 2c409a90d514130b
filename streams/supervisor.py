"""`freshet worker all`: one process per role, restarted when it dies, stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from streams.settings import PREFIX

EXIT_CONFIGURATION = 2
"""A worker's exit code when starting it again cannot help."""
RESTART_PAUSE_S = 1.0
STOP_S = 15.0


class Supervisor:
    """Keeps one worker process per role alive. Children end with it, also when it is killed."""

    def __init__(self, roles: Sequence[str], environ: Mapping[str, str], log: Path | None = None) -> None:
        """`log`: where the workers' standard error goes; None shares this process's own."""
        self._environ = dict(environ)
        self._log = log
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._roles = list(roles)
        self._stopping = False

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by role."""
        return {role: process.pid for role, process in self._processes.items()}

    def start(self) -> None:
        """Starts every role."""
        for role in self._roles:
            self._start(role)

    def tend(self) -> int | None:
        """Starts again what has died.

        Returns:
            An exit code when it makes no sense to go on: a worker refused its configuration; else None.
        """
        for role, process in list(self._processes.items()):
            code = process.poll()
            if code is None:
                continue
            if code == EXIT_CONFIGURATION:
                return EXIT_CONFIGURATION
            sys.stderr.write(f"freshet: {role} worker {process.pid} ended with {code}, starting another\n")
            self._start(role)
        return None

    def stop(self) -> None:
        """Sends SIGTERM to all, waits, and kills what does not end."""
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_S
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, role: str) -> None:
        stderr = None if self._log is None else self._log.open("ab")
        self._processes[role] = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "worker", role, "--parent", str(os.getpid())],
            env=self._environ | {f"{PREFIX}INSTANCE": f"{socket.gethostname()}-{os.getpid()}-{role}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self._log else None,
            stderr=stderr,
        )


def supervise(roles: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs a supervisor until SIGTERM or SIGINT.

    Returns:
        The exit code: 0 after an orderly stop.
    """
    supervisor = Supervisor(roles, environ)
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    supervisor.start()
    code: int | None = None
    while not stopping and code is None:
        time.sleep(RESTART_PAUSE_S)
        code = supervisor.tend()
    supervisor.stop()
    return 0 if code is None else code
