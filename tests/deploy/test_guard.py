"""The guard, with `sleep` in the JVM's place: every way of dying of the owner ends it, and only detaching doesn't."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.guarded import start_guarded

_LIMIT_S = 3.0


def _is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while _is_alive(pid):
        assert time.monotonic() < deadline, f"{pid} outlived its owner by {_LIMIT_S} s"
        time.sleep(0.02)


def _start(*command: str) -> tuple[subprocess.Popen[bytes], int]:
    guard = start_guarded(list(command), stderr=subprocess.DEVNULL)
    assert guard.stdout is not None
    return guard, int(guard.stdout.readline())


def test_sigterm_stops_the_command_and_its_exit_code_is_passed_on(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    guard, pid = _start("sh", "-c", f"trap 'exit 7' TERM; touch {ready}; while :; do sleep 0.05; done")
    while not ready.exists():
        time.sleep(0.01)
    with guard:
        guard.terminate()
    assert guard.returncode == 7
    assert not _is_alive(pid)


def test_a_command_that_ends_ends_its_guard() -> None:
    guard, _ = _start("sh", "-c", "exit 3")
    assert guard.wait(_LIMIT_S) == 3
    guard.communicate()


def test_the_end_of_the_pipe_ends_the_command() -> None:
    guard, pid = _start("sleep", "60")
    guard.communicate()
    _await_end(pid)


def test_a_detached_command_outlives_the_pipe() -> None:
    guard, pid = _start("sleep", "60")
    assert guard.stdin is not None
    guard.stdin.write(b"d")
    guard.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        guard.wait(0.6)
    assert _is_alive(pid)
    with guard:
        guard.terminate()
    assert not _is_alive(pid)


def test_a_killed_owner_is_noticed_even_while_a_fork_of_it_holds_the_pipe() -> None:
    owner_code = """if True:
        import os, subprocess, sys, time
        from deploy.guarded import start_guarded
        guard = start_guarded(["sleep", "60"], stderr=subprocess.DEVNULL)
        pid = int(guard.stdout.readline())
        fork = os.fork()
        if fork:
            print(pid, fork, flush=True)
        time.sleep(60)
    """
    owner = subprocess.Popen([sys.executable, "-c", owner_code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    pid, fork = map(int, owner.stdout.readline().split())
    owner.kill()
    try:
        _await_end(pid)
    finally:
        os.kill(fork, signal.SIGKILL)
        owner.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_killed_guard_takes_the_command_with_it() -> None:
    guard, pid = _start("sleep", "60")
    with guard:
        guard.kill()
    _await_end(pid)
