"""What requirements.lock pins."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.*?))?(?: \\)?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class Pinned(NamedTuple):
    """One requirement of the lock."""

    name: str
    version: str
    marker: str
    """Where it is needed; empty: everywhere."""
    sha256: tuple[str, ...]
    """Of each file of the release that may be installed."""


def pinned(text: str) -> Iterator[Pinned]:
    """The requirements of a lock with hashes, in its order.

    Raises:
        ValueError: A line is none that such a lock has.
    """
    found: list[tuple[str, str, str]] = []
    hashes: list[str] = []
    for line in text.splitlines():
        pin, digest = _PIN.match(line), _HASH.search(line)
        if pin is not None:
            if found:
                yield Pinned(*found.pop(), tuple(hashes))
            found, hashes = [(pin[1], pin[2], pin[3] or "")], []
        elif digest is not None:
            hashes.append(digest[1])
        else:
            msg = f"requirements.lock: {line!r} is neither name==version nor a hash"
            raise ValueError(msg)
    for last in found:
        yield Pinned(*last, tuple(hashes))
