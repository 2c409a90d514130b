"""The console beside the demo: a process of its own, with a token that no list of processes shows."""

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from deploy.ports import free_port
from streams.console.serve import address
from streams.demo.errors import DemoError
from streams.settings import Settings, child_environ

HOST = "127.0.0.1"
START_S = 30.0


@contextmanager
def console_beside(settings: Settings) -> Iterator[str]:
    """Runs the console, and gives the address that opens it.

    Raises:
        DemoError: It does not start.
    """
    port, token = free_port(), secrets.token_urlsafe(32)
    token_file, log = settings.home / "console.token", settings.home / "console.log"
    token_file.touch(0o600)
    token_file.write_text(token)
    environ = child_environ(settings)
    command = [
        sys.executable,
        "-m",
        "streams.cli",
        "console",
        "--port",
        str(port),
        "--token-file",
        str(token_file),
    ]
    with log.open("wb") as out, subprocess.Popen(command, env=environ, stdout=out, stderr=out) as process:
        try:
            _wait(process, f"http://{HOST}:{port}/health", str(log))
            yield address(HOST, port, token)
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], url: str, log: str) -> None:
    deadline_s = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline_s:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    msg = f"the console did not start within {START_S:g} s; see {log}"
    raise DemoError(msg)
