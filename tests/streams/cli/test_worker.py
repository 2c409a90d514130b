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
