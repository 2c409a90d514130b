"""The environment of the quixstreams loop, made once beside the embedded broker's data.

quixstreams pins older releases of confluent-kafka and pydantic than Freshet runs on, so it can be no dependency, not
even an optional one: it lives in a virtual environment of its own.
"""

import subprocess
import sys
from pathlib import Path

from streams.settings import Settings

VERSION = "3.28.1"
_INSTALL_S = 300


class NoQuixstreamsError(RuntimeError):
    """It could not be installed; the message says why."""


def quixstreams_python(settings: Settings) -> Path:
    """The interpreter of an environment that has quixstreams; the first call installs it.

    Raises:
        NoQuixstreamsError: Without a package index, for instance.
    """
    folder = settings.home.resolve() / "bench" / f"quixstreams-{VERSION}"
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        try:
            _run(sys.executable, "-m", "venv", "--clear", str(folder))
            _run(str(python), "-m", "pip", "install", "--quiet", f"quixstreams=={VERSION}")
        except (OSError, subprocess.SubprocessError) as exc:
            reason = getattr(exc, "stderr", None) or str(exc)
            msg = f"quixstreams {VERSION} cannot be installed: {reason.strip().splitlines()[-1]}"
            raise NoQuixstreamsError(msg) from None
        done.touch()
    return python


def _run(*command: str) -> None:
    subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_INSTALL_S
    )
