import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import cast

import pytest

from streams.demo import browser


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_of_requests: object) -> None:
        pass


class Alive:
    def poll(self) -> None:
        return None


def test_the_console_is_not_looked_for_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "START_S", 2.0)
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed.getsockname()[1]}")
        process = cast("subprocess.Popen[bytes]", Alive())
        browser._wait(process, f"http://127.0.0.1:{server.server_port}/health", "console.log")
    server.shutdown()
    server.server_close()
