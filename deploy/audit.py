"""Known vulnerabilities of what requirements.lock pins: `python -m deploy.audit`, which is `make audit`.

pip-audit asks a database on the internet. Of a package that the database does not answer for, it says so and still
ends with 0; here that is no audit, and the exit code is 3.
"""

import subprocess
import sys
from pathlib import Path

import msgspec
import typer

from deploy.lock import LOCK

PIP_AUDIT = "pip-audit==2.9.0"
NOT_AUDITED = 3


class _Vulnerability(msgspec.Struct):
    id: str
    fix_versions: list[str] = []


class _Dependency(msgspec.Struct):
    name: str
    version: str = ""
    vulns: list[_Vulnerability] = []
    skip_reason: str | None = None


class _Report(msgspec.Struct):
    dependencies: list[_Dependency]


def verdict(report: bytes) -> tuple[int, list[str]]:
    """What pip-audit's JSON means: an exit code, and lines for who asked."""
    try:
        found = msgspec.json.decode(report, type=_Report).dependencies
    except msgspec.DecodeError:
        return NOT_AUDITED, [
            "NOT AUDITED: pip-audit gave no report; can it and its database be reached from here?"
        ]
    skipped = [one for one in found if one.skip_reason is not None]
    lines = [
        f"{one.name} {one.version}: {flaw.id}, mended in {', '.join(flaw.fix_versions) or 'no version yet'}"
        for one in found
        for flaw in one.vulns
    ]
    code = 1 if lines else NOT_AUDITED if skipped else 0
    if skipped:
        lines.append(
            f"NOT AUDITED: {len(skipped)} of {len(found)} packages, for instance {skipped[0].name}: "
            f"{skipped[0].skip_reason}; can the database be reached from here?"
        )
    return code, lines or [f"no known vulnerability in {len(found)} packages"]


def main() -> None:
    """Audits the lock, without installing any of it."""
    tool = [str(Path(sys.executable).with_name("uv")), "tool", "run", "--from", PIP_AUDIT, "pip-audit"]
    options = ["--requirement", str(LOCK), "--require-hashes", "--disable-pip", "--format", "json"]
    done = subprocess.run([*tool, *options], stdout=subprocess.PIPE, check=False)
    code, lines = verdict(done.stdout)
    for line in lines:
        typer.echo(line, err=code != 0)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
