"""Known vulnerabilities of what requirements.lock pins: `python -m deploy.audit`, which is `make audit`.

pip-audit asks a database on the internet; where that cannot be reached, nothing was audited, and the exit code is 3.
"""

import subprocess
import sys
from pathlib import Path

import typer

from deploy.lock import LOCK

PIP_AUDIT = "pip-audit==2.9.0"
UNREACHABLE = 3
_SIGNS = (
    "ConnectionError",
    "ConnectTimeout",
    "ConnectError",
    "ReadTimeout",
    "Failed to fetch",
    "ServiceError",
    "No route",
)
"""What pip-audit, or the installer that fetches it, says when nobody answers."""


def verdict(code: int, said: str) -> tuple[int, str]:
    """What an ended audit means: an exit code, and a line for who asked."""
    if code == 0:
        return 0, "no known vulnerability in what requirements.lock pins"
    if any(sign in said for sign in _SIGNS):
        return UNREACHABLE, "NOT AUDITED: pip-audit or its database cannot be reached from here"
    return code, "pip-audit found something, or failed: see above"


def main() -> None:
    """Audits the lock, without installing any of it."""
    tool = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--from", PIP_AUDIT, "pip-audit"]
    options = ["--requirement", str(LOCK), "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    done = subprocess.run([*tool, *options], capture_output=True, text=True, check=False)
    typer.echo(done.stdout + done.stderr, nl=False)
    code, line = verdict(done.returncode, done.stdout + done.stderr)
    typer.echo(line, err=code != 0)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
