"""What keeps a broker from starting, in one line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PORT_TAKEN = "a port is in use"
_CAUSES = (
    (re.compile(r"No space left on device|a fault occurred in an unsafe memory access"), "the disk is full"),
    (re.compile(r"Permission denied|Read-only file system|AccessDenied"), "the data folder is not writable"),
    (re.compile(r"Address already in use|failed to bind to"), PORT_TAKEN),
    (re.compile(r"Failed to acquire lock on file"), "another broker uses the data folder"),
    (re.compile(r"OutOfMemoryError|Could not reserve enough space"), "not enough memory for its heap"),
)
# Of a log line the level counts, which follows date and time; the JVM itself writes plain lines.
_COMPLAINT = re.compile(r"(?:[\d-]+ [\d:,]+ (?:ERROR|FATAL)|Error|Exception)\b")


class BrokerError(RuntimeError):
    """The embedded broker cannot do what was asked; the message is one line for a person."""


class PortTakenError(BrokerError):
    """Somebody else had a port first."""


def cause_of_death(logs: Path) -> str:
    """Why the broker whose logs lie in this folder ended: one line, from what it wrote last.

    A cause that is known by its symptom is named in plain words; of any other the first complaint is quoted.
    """
    for name in ("kafka.out", "kafka.log"):
        log = logs / name
        text = log.read_text(errors="replace") if log.exists() else ""
        known = next((meaning for symptom, meaning in _CAUSES if symptom.search(text)), None)
        complaint = known or next(
            (line.strip() for line in text.splitlines() if _COMPLAINT.match(line)), None
        )
        if complaint is not None:
            return f"{complaint} (see {logs})"
    return f"it was killed: it said nothing (see {logs})"


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say in one line that a folder cannot be written: no permission, no such place, a full disk."""
    try:
        yield
    except OSError as error:
        message = f"cannot write {folder}: {error.strerror or error}"
        raise BrokerError(message) from error
