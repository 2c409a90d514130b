"""Libraries whose idle threads sleep, and memory that is kept."""

import os
import platform
import subprocess
import sys

import pytest

from streams.cores import SHARING, share_cores

LOADED = """
import sys
from streams.cli import worker
from streams.cores import share_cores
assert not {"numpy", "torch"} & set(sys.modules), "loaded before the worker can say how they share cores"
share_cores()
import numpy, threadpoolctl
print(*{found["num_threads"] for found in threadpoolctl.threadpool_info() if found["user_api"] == "blas"})
import torch
"""


def test_what_the_operator_has_set_stays() -> None:
    environ = {"OMP_WAIT_POLICY": "ACTIVE"}
    share_cores(environ)
    assert environ == SHARING | {"OMP_WAIT_POLICY": "ACTIVE"}


def test_the_libraries_of_a_worker_take_it_up() -> None:
    environ = {name: value for name, value in os.environ.items() if name not in SHARING}
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        env=environ | {"OMP_DISPLAY_ENV": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1"]
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in done.stderr


PROGRAM = """
import resource, sys
from streams.cores import keep_memory
print(keep_memory() if sys.argv[1] == "kept" else True)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    b"1" * (64 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_kept_memory_is_not_got_from_the_system_again() -> None:
    faults = {}
    for how in ("kept", "default"):
        said = subprocess.run(
            [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
        )
        done, count = said.stdout.split()
        assert done == "True"
        faults[how] = int(count)
    assert faults["kept"] < faults["default"] / 5
