"""`freshet bench` with tiny numbers, on real Kafka: the shape of its results, not its figures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from streams.settings import PREFIX
from tests.pictures import jpeg, picture

PATIENCE_S = 240.0
"""Below a test's own limit, so that what a benchmark said last is told."""


def bench(kafka: str, topic_prefix: str, folder: Path, *arguments: str) -> Any:  # noqa: ANN401  # whatever it measured
    """What `freshet bench` with the arguments measured."""
    target = folder / "bench.json"
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    settings = {
        "KAFKA": kafka,
        "TOPIC_PREFIX": topic_prefix,
        "ITEM_CAPACITY": "4096",
        "TEXT_ENCODER": "hashing",
    }
    command = [sys.executable, "-m", "streams.cli", "bench", *arguments, "--json", str(target)]
    environ |= {PREFIX + name: value for name, value in settings.items()}
    log = folder / "bench.log"
    with log.open("w") as said:
        try:
            code = subprocess.run(
                command, env=environ, stdout=said, stderr=said, check=False, timeout=PATIENCE_S
            ).returncode
        except subprocess.TimeoutExpired:
            code = None
    assert code == 0, log.read_text()
    return json.loads(target.read_text())


def test_latency_answers_every_event_and_writes_what_it_measured(
    kafka: str, topic_prefix: str, tmp_path: Path
) -> None:
    options = ["--rate", "50", "--users", "40", "--items", "60", "--seconds", "2", "--no-peers"]
    found = bench(kafka, topic_prefix, tmp_path, "latency", *options)
    assert found["events"] >= 90
    assert found["unanswered"] == 0
    assert found["latency_ms"].keys() == {"p50", "p95", "p99", "max"}
    assert 0 <= found["latency_ms"]["p50"] <= found["latency_ms"]["max"] <= found["oldest_ms"]
    assert {use["role"] for use in found["processes"]} == {"learn", "recommend", "generator", "observer"}
    assert all(use["rss_mib"] > 0 for use in found["processes"])
    assert (found["rate_asked"], found["seed"], found["order"]) == (50, 1, ["freshet"])


def test_requests_are_answered_and_timed(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    options = ["--rate", "30", "--events", "20", "--users", "40", "--items", "60", "--seconds", "2"]
    found = bench(kafka, topic_prefix, tmp_path, "requests", *options)["requests"]
    assert (found["all"]["asked"], found["all"]["unanswered"], found["all"]["errors"]) == (60, 0, 0)
    assert {kind: figures["asked"] for kind, figures in found["by_kind"].items()} == {
        "recommend": 20, "session": 20, "trending": 20,
    }  # fmt: skip
    assert 0 <= found["all"]["latency_ms"]["p50"] <= found["all"]["latency_ms"]["max"]
    assert found["events"]["unanswered"] == 0


def test_searches_find_what_they_were_made_of(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    rows = ["item_id,title,text"]
    for number, colour in enumerate(("red", "green", "blue")):
        rows.append(f"i{number},{colour},A {colour} thing number {number} stands here.")
        (tmp_path / f"i{number}.jpg").write_bytes(jpeg(picture(number)))
    (tmp_path / "items.csv").write_text("\n".join(rows))
    options = [str(tmp_path / "items.csv"), "--images", "{item_id}.jpg", "--count", "3", "--rate", "3"]
    found = bench(kafka, topic_prefix, tmp_path, "search", *options)["search"]
    assert found.keys() == {"text", "image"}
    for figures in found.values():
        assert (figures["items"], figures["found"], figures["first"]) == (3, 3, 3)
        asked = figures["answered"]
        assert (asked["asked"], asked["unanswered"], asked["errors"]) == (3, 0, 0)
        assert figures["events"]["unanswered"] == 0


def test_media_come_through_and_are_timed(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(6):
        (folder / f"{seed}.jpg").write_bytes(jpeg(picture(seed)))
    found = bench(kafka, topic_prefix, tmp_path, "media", str(folder))
    assert found["freshness"]["items"] == 6
    assert 0 < found["freshness"]["document_ms"]["p50"] <= found["freshness"]["vector_ms"]["p99"]
    assert found["bulk"].keys() == {"image"}
    assert (found["bulk"]["image"]["files"], found["bulk"]["image"]["failed"]) == (6, 0)
    assert found["bulk"]["image"]["ratio"] > 0


def test_metrics_are_weighed_against_none_in_turns(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    load = ["--users", "40", "--items", "60", "--packed", "10"]
    found = bench(kafka, topic_prefix, tmp_path, "metrics", "--rate", "100", "--seconds", "4", *load)["cost"]
    assert found["events"] == 400
    assert 0 < found["events_per_s"] <= 110
    assert found["roles"].keys() == {"learn", "recommend"}
    for cost in found["roles"].values():
        assert cost["cpu_us_per_event"]["pairs"] == cost["events_per_s"]["pairs"] >= 1
        assert cost["cpu_us_per_event"]["ratio"] > 0
        assert cost["scrape_ms"] > 0
