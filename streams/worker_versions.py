"""Which version of Freshet each worker of this host runs, by its own metrics."""

import http.client
import re

from streams.discovery import open_worker
from streams.status import WorkerStatus

ANSWER_S = 1.0
_BUILD = re.compile(r'^freshet_build_info\{[^}]*version="([^"]*)"', re.M)


def ask_versions(workers: list[WorkerStatus]) -> None:
    """Fills in the workers' versions; one that does not answer within a second keeps None."""
    for worker in workers:
        try:
            with open_worker(worker.metrics, timeout=ANSWER_S) as answer:
                found = _BUILD.search(answer.read().decode())
        except (OSError, http.client.HTTPException):
            continue
        worker.version = found.group(1) if found else None
