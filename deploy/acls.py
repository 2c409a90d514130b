"""Writes `deploy/acls.sh`, which grants every role of `streams.access` what it needs: `python -m deploy.acls`."""

from pathlib import Path

from streams.access import NEEDS, commands, usual_principal
from streams.settings import Settings

FILE = Path(__file__).with_name("acls.sh")

_HEAD = """\
#!/bin/sh
# What each of Freshet's roles needs on a cluster that allows nothing unasked, written by `python -m deploy.acls`.
# Usage: acls.sh KAFKA ADMIN_PROPERTIES, where kafka-acls.sh is on the PATH. With other names of users, a tenant's
# prefix, or without Kafka's tools: `freshet topics acls`.
set -eu
kafka=$1 admin=$2
grant() { kafka-acls.sh --bootstrap-server "$kafka" --command-config "$admin" "$@"; }
"""


def script() -> str:
    """The whole file, for the default settings and the usual principals."""
    lines = [_HEAD]
    for role in NEEDS:
        lines.append(f"\n# {role}\n")
        lines += [f"grant {command}\n" for command in commands(Settings(), role, usual_principal(role))]
    return "".join(lines)


if __name__ == "__main__":
    FILE.write_text(script())
    FILE.chmod(0o755)
