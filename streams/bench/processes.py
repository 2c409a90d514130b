"""What a stretch of time costs each process: processor time and memory."""

import os
import platform
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import psutil
from msgspec import Struct

MIB = 1024 * 1024
SAMPLE_S = 0.25


class ProcessUse(Struct):
    """One process over the measured window."""

    role: str
    cpu_s: float
    cpu_us_per_event: float | None
    rss_mib: float
    """At the end."""
    rss_peak_mib: float
    """The largest of several samples a second."""


class Machine(Struct):
    """Where it was measured, and what else was going on there."""

    system: str
    python: str
    cpus: int
    memory_mib: int
    load_1m: float
    """Before the run: above zero, others compete for the processors."""


def machine() -> Machine:
    """This machine, now."""
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_mib=psutil.virtual_memory().total // MIB,
        load_1m=round(os.getloadavg()[0], 2),
    )


class Meter:
    """Measures processes while a block runs.

    Raises:
        psutil.NoSuchProcess: One of them is gone, so that nothing measured would mean anything.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        """`pids`: process ids by role."""
        self._processes = {role: psutil.Process(pid) for role, pid in pids.items()}
        self._cpu_s = dict.fromkeys(self._processes, 0.0)
        self._peak = dict.fromkeys(self._processes, 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="meter", daemon=True)

    def __enter__(self) -> Self:
        self._cpu_s = {role: _cpu_s(process) for role, process in self._processes.items()}
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def uses(self, events: int) -> list[ProcessUse]:
        """What each process took since the block began; call it inside the block."""
        return [self._use(role, process, events) for role, process in self._processes.items()]

    def _use(self, role: str, process: psutil.Process, events: int) -> ProcessUse:
        cpu_s = _cpu_s(process) - self._cpu_s[role]
        rss = process.memory_info().rss
        return ProcessUse(
            role=role,
            cpu_s=round(cpu_s, 2),
            cpu_us_per_event=round(cpu_s / events * 1e6, 1) if events else None,
            rss_mib=round(rss / MIB, 1),
            rss_peak_mib=round(max(rss, self._peak[role]) / MIB, 1),
        )

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            for role, process in self._processes.items():
                try:
                    self._peak[role] = max(self._peak[role], process.memory_info().rss)
                except psutil.NoSuchProcess:
                    return  # `uses` raises in the thread that can say so


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)
