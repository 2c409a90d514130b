"""Start a program that ends with its owner."""

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

_GUARD = Path(__file__).with_name("guard.py")


def start_guarded(
    command: list[str], *, stderr: int | IO[bytes], keep_open: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    """Start a command below a guard that ends it when this process dies, however it dies.

    The returned process is the guard: the first line of its standard output is the command's pid, SIGTERM
    stops the command in order, a `d` on its standard input lets it outlive this process, and its exit code is
    the command's. It has its own session, so a terminal's Ctrl-C reaches the owner alone.

    Args:
        stderr: where the command's standard output and error go.
        keep_open: file descriptors that the guard, but not the command, holds while it lives.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        pass_fds=keep_open,
        start_new_session=True,
    )
