import socket
import urllib.request
from importlib.metadata import version

import pytest
from prometheus_client import CollectorRegistry, Info, start_http_server

from streams.status import WorkerStatus
from streams.worker_versions import ask_versions


def test_a_worker_says_its_version_and_one_that_is_gone_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    Info("freshet_build", "As every worker has it.", registry=registry).info(
        {"version": version("freshet"), "role": "learn", "worker": "7"}
    )
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        workers = [
            WorkerStatus("learn", "7", f"http://127.0.0.1:{server.server_port}/metrics"),
            WorkerStatus("encode", "8", f"http://127.0.0.1:{closed.getsockname()[1]}/metrics"),
        ]
        # Where a proxy leads out of the house, nobody asks it for what is within.
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setattr(urllib.request, "_opener", None)
        ask_versions(workers)
    server.shutdown()
    thread.join()
    assert [worker.version for worker in workers] == [version("freshet"), None]
