"""`freshet bench latency` with tiny numbers, on real Kafka: the shape of its result, not its figures."""

import json
import os
import subprocess
import sys
from pathlib import Path

from streams.settings import PREFIX


def test_latency_answers_every_event_and_writes_what_it_measured(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    settings = {"KAFKA": kafka, "TOPIC_PREFIX": topic_prefix, "ITEM_CAPACITY": "4096"}
    target = tmp_path / "bench.json"
    options = ["--rate", "50", "--users", "40", "--items", "60", "--seconds", "2", "--no-peers"]
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "bench", "latency", *options, "--json", str(target)],
        env=environ | {PREFIX + name: value for name, value in settings.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(target.read_text())
    assert found["events"] >= 90
    assert found["unanswered"] == 0
    assert found["latency_ms"].keys() == {"p50", "p95", "p99", "max"}
    assert 0 <= found["latency_ms"]["p50"] <= found["latency_ms"]["max"] <= found["oldest_ms"]
    assert {use["role"] for use in found["processes"]} == {"learn", "recommend", "generator", "observer"}
    assert all(use["rss_mib"] > 0 for use in found["processes"])
    assert (found["rate_asked"], found["seed"], found["order"]) == (50, 1, ["freshet"])
