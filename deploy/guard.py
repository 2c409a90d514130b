"""A broker's guard: the JVM's parent, which ends the JVM as soon as their owner is gone.

Run as a script with the standard library alone: `guard.py OWNER_PID COMMAND...`. It prints the JVM's
pid, and then watches its owner in two ways, because each has a hole: standard input is a pipe that ends with
the owner (but a fork of the owner may hold it open), and the owner is its parent (but only looked at now and
then). A `d` on standard input detaches it: from then on only SIGTERM, or the JVM's own end, ends it. Where
the guard itself is killed, Linux kills the JVM.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys

STOP_GRACE_S = 20.0
"""How long a JVM may take to stop when asked to."""
ORPHAN_GRACE_S = 1.5
"""How long it may take when nobody is left to ask."""

_LOOK_S = 0.2
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(jvm: subprocess.Popen[bytes], owner_pid: int, asked: list[int]) -> float:
    """Wait until the JVM has ended or has to; returns the grace it then has."""
    attached = True
    while jvm.poll() is None and not asked:
        readable, _, _ = select.select([0] if attached else [], [], [], _LOOK_S)
        if readable and os.read(0, 1) == b"d":
            attached = False
        elif readable or (attached and os.getppid() != owner_pid):
            return ORPHAN_GRACE_S
    return STOP_GRACE_S


def main(owner_pid: int, command: list[str]) -> int:
    """Run the command as a guarded child; returns its exit code."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    jvm = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2, preexec_fn=_die_with_parent)  # noqa: PLW1509 - this process has one thread
    os.write(1, b"%d\n" % jvm.pid)
    os.close(1)
    grace_s = _watch(jvm, owner_pid, asked)
    jvm.terminate()
    try:
        return jvm.wait(grace_s)
    except subprocess.TimeoutExpired:
        jvm.kill()
        return jvm.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
