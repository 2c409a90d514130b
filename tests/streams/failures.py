"""Runs `freshet` as an operator does, in a process of its own, and looks at how it fails."""

import os
import subprocess
import sys
from typing import NamedTuple

from streams.settings import PREFIX


class Failure(NamedTuple):
    """How a command ended."""

    code: int
    line: str
    """The one line on standard error."""


def fail(*arguments: str, **settings: str) -> Failure:
    """Runs a command that is to fail, with these settings and no others, and checks that it says so in one line."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    environ |= {PREFIX + name.upper(): value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        env=environ, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("freshet: ")
    assert done.stdout == ""
    return Failure(done.returncode, lines[0].removeprefix("freshet: "))
