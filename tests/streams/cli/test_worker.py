import signal
import subprocess
import sys

STOPPED = """
import gc
from streams import worker

def run(role, settings):
    import torch._dynamo  # as encoders do; on Linux it brings triton along
    gc.freeze()

worker.run = run
from streams.cli import app
app(["worker", "encode"])
"""


def test_a_worker_that_was_stopped_says_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", STOPPED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


STARTING = """
import time
from streams import worker

def run(role, settings):
    print("starting", flush=True)
    time.sleep(60)

worker.run = run
from streams.cli import app
app(["worker", "recommend"])
"""


def test_a_worker_that_only_starts_ends_at_sigterm_as_a_container_too() -> None:
    """A container's first process is ended by no signal that it has not asked for."""
    with subprocess.Popen([sys.executable, "-c", STARTING], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "starting\n"
        worker.send_signal(signal.SIGTERM)
        # Not by the signal: that would be its default.
        assert worker.wait(10) == 0
