"""The Dockerfile, read, and its shell run as far as it goes without Docker."""

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from streams.settings import PREFIX, load

TEXT = (Path(__file__).parents[2] / "deploy" / "Dockerfile").read_text()
LINES = re.sub(r" \\\n\s*", " ", TEXT).splitlines()


def _the(instruction: str) -> str:
    """What an instruction of the last stage says."""
    return [line for line in LINES if line.startswith(instruction + " ")][-1].removeprefix(instruction + " ")


def test_it_runs_as_a_user_without_rights_and_by_number() -> None:
    assert int(_the("USER")) > 0


def test_its_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = dict(word.partition("=")[::2] for word in _the("ENV").split())
    freshet = {name: value for name, value in given.items() if name.startswith(PREFIX)}
    for name, value in freshet.items():
        monkeypatch.setenv(name, value)
    assert str(load().metrics_port) == freshet["FRESHET_METRICS_PORT"]
    assert _the("EXPOSE") == freshet["FRESHET_METRICS_PORT"]


@pytest.mark.parametrize(("status", "code"), [(200, 0), (500, 1)])
def test_it_is_healthy_while_metrics_are_served(status: int, code: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/metrics" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    command = json.loads(_the("HEALTHCHECK").partition("CMD ")[2])
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environ = os.environ | {"FRESHET_METRICS_PORT": str(server.server_port)}
        done = subprocess.run([sys.executable, *command[1:]], env=environ, capture_output=True, check=False)
        server.shutdown()
    assert min(done.returncode, 1) == code


@pytest.mark.parametrize(
    ("device", "removed"),
    [
        (
            "cpu",
            [
                "uninstall nvidia-cublas triton",
                "install --no-deps --reinstall --torch-backend cpu torch==2.15.0",
            ],
        ),
        ("cuda", []),
    ],
)
def test_the_cpu_image_has_nothing_for_a_gpu(device: str, removed: list[str], tmp_path: Path) -> None:
    (run,) = [line.removeprefix("RUN ") for line in LINES if "DEVICE" in line and line.startswith("RUN ")]
    uv = tmp_path / "uv"
    uv.write_text(
        'case "$2" in freeze) printf "nvidia-cublas==1\\ntorch==2.15.0\\ntorchtext==1\\ntriton==3\\nxcuda==1\\n";; '
        f'*) echo "$@" >> {tmp_path}/said;; esac\n'
    )
    uv.chmod(0o755)
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DEVICE": device}
    subprocess.run(["sh", "-c", run], env=environ, check=True)
    said = (tmp_path / "said").read_text().splitlines()
    assert [line.removeprefix("pip ") for line in said[2:]] == removed


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    (run,) = [line.removeprefix("RUN ") for line in LINES if "DEVICE" in line and line.startswith("RUN ")]
    (tmp_path / "uv").write_text("exit 0\n")
    (tmp_path / "uv").chmod(0o755)
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DEVICE": "tpu"}
    done = subprocess.run(["sh", "-c", run], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "DEVICE is tpu: give cpu or cuda\n")
