"""Where each worker's metrics are, as files that Prometheus' file_sd and `freshet status` read; and which is ready."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import psutil

from streams.settings import Settings

open_worker = build_opener(ProxyHandler({})).open
"""`urlopen` of what a worker serves: through no proxy of the environment, which may not reach it, and has no business
to hear whom an audit looks for."""


def host_here(host: str) -> str:
    """How an address on this machine calls what listens at `host`: what listens at any is at the loopback's, too."""
    try:
        listens_at = ip_address(host)
    except ValueError:
        return host
    if listens_at.is_unspecified:
        return "[::1]" if listens_at.version == 6 else "127.0.0.1"
    return f"[{host}]" if listens_at.version == 6 else host


def folder(settings: Settings) -> Path:
    """The folder with one file a worker."""
    return settings.home / "workers"


def ready_file(settings: Settings, role: str, pid: int) -> Path:
    """What is there as soon as this worker has loaded what it works with; the worker makes it."""
    return folder(settings) / f"{role}-{pid}.ready"


@contextmanager
def announce(settings: Settings, role: str, port: int) -> Iterator[None]:
    """Keeps this worker's file there while the block runs; removes those of workers that are gone.

    Raises:
        OSError: The folder cannot be written.
    """
    folder(settings).mkdir(parents=True, exist_ok=True)
    for written in ("*.json", "*.part", "*.ready"):
        for worker in folder(settings).glob(written):
            if not psutil.pid_exists(int(worker.stem.rsplit("-", 1)[-1])):
                worker.unlink(missing_ok=True)
    path = folder(settings) / f"{role}-{os.getpid()}.json"
    ready = ready_file(settings, role, os.getpid())
    ready.unlink(missing_ok=True)  # of one that was killed and had the same number
    labels = {"tenant": settings.topic_prefix, "role": role, "worker": str(os.getpid())}
    # Whole or not at all: a worker that is killed here must not leave what nobody can read.
    part = path.with_suffix(".part")
    targets = [f"{host_here(settings.metrics_host)}:{port}"]
    part.write_text(json.dumps([{"targets": targets, "labels": labels}]))
    part.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        ready.unlink(missing_ok=True)
