"""What keeps a broker from starting, in one line."""

import re
from pathlib import Path

_CAUSES = (
    (re.compile(r"No space left on device|a fault occurred in an unsafe memory access"), "the disk is full"),
    (re.compile(r"Permission denied|Read-only file system|AccessDenied"), "the data folder is not writable"),
    (re.compile(r"Address already in use|failed to bind to"), "a port is in use"),
    (re.compile(r"Failed to acquire lock on file"), "another broker uses the data folder"),
    (re.compile(r"OutOfMemoryError|Could not reserve enough space"), "not enough memory for its heap"),
)
_COMPLAINT = re.compile(r"(?: ERROR | FATAL |Exception|^Error)", re.MULTILINE)


class BrokerError(RuntimeError):
    """The embedded broker cannot do what was asked; the message is one line for a person."""


def cause_of_death(logs: Path) -> str:
    """Why the broker whose logs lie in this folder ended: one line, from what it wrote last.

    A cause that is known by its symptom is named in plain words; of any other the first complaint is quoted.
    """
    text = "\n".join(
        (logs / name).read_text(errors="replace")
        for name in ("kafka.out", "kafka.log")
        if (logs / name).exists()
    )
    for symptom, meaning in _CAUSES:
        if symptom.search(text):
            return f"{meaning} (see {logs})"
    complaint = next((line for line in text.splitlines() if _COMPLAINT.search(line)), "it said nothing")
    return f"{complaint.strip()} (see {logs})"
