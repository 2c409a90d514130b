"""Every expression of boards and alerts, put to a real Prometheus that watches a river; and an alert that fires."""

import json
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.dashboards import pictures
from deploy.ports import free_port
from streams import discovery
from tests.broker.river import River, Workers, shoppers, wait_for
from tests.deploy.looking import looks, series, silent, unknown
from tests.deploy.prometheus import FOLDER, RULES, tool

pytestmark = pytest.mark.timeout(600)
"""A loaded machine takes minutes to start three workers."""
TRAFFIC_S = 30.0
EVENTS_PER_S = 40
LOOKS = looks("2m")
"""With a window that reaches back to the traffic."""
LATE = ("freshet_standing_hit_ratio", "freshet_list_coverage_ratio", "freshet_snapshot_timestamp_seconds > 0")
"""What there is only after a moment of lists and learning, which may begin late on a busy machine."""
WAIT_S = 60.0


class Prometheus:
    """A server that scrapes what a river's workers announce, every second, and minds the alerts of `deploy`."""

    def __init__(self, folder: Path, workers: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(FOLDER / "alerts.yml")],
            "scrape_configs": [
                {
                    "job_name": "freshet",
                    "file_sd_configs": [{"files": [f"{workers}/*.json"], "refresh_interval": "1s"}],
                }
            ],
        }
        path = folder / "prometheus.yml"
        path.write_text(yaml.safe_dump(config))
        self.process = subprocess.Popen(
            [
                tool("prometheus"),
                f"--config.file={path}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error",
            ]
        )

    def ask(self, what: str, **parameters: str) -> Any:  # noqa: ANN401  # JSON
        """The data of an answer.

        Raises:
            HTTPError: The expression is wrong.
            URLError: The server is not there yet.
        """
        with urllib.request.urlopen(
            f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}", timeout=10
        ) as answer:
            return json.load(answer)["data"]

    def values(self, expr: str) -> list[float]:
        """What an expression has now, of all series that have a number."""
        found = [float(series["value"][1]) for series in self.ask("query", query=expr)["result"]]
        return [value for value in found if value == value]  # noqa: PLR0124  # what is not a number is not itself

    def series(self) -> set[str]:
        """The names of series that the workers say they have."""
        return series(self.ask("metadata"))

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        alerts = self.ask("alerts")["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}


@pytest.fixture(scope="module")
def watched(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, Workers]]:
    """A river with a moment's traffic of all kinds, and the server that saw it."""
    tool("prometheus")
    home = tmp_path_factory.mktemp("watched")
    river = River(kafka, f"watched-{time.time_ns()}-", home, snapshot_interval_s=4)
    with river.workers(encode=1, learn=1, recommend=1) as workers:
        prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), discovery.folder(river.settings))
        try:
            _send(river)
            wait_for(lambda: all(map(prometheus.values, LATE)), WAIT_S, lambda: f"none of {LATE}")
            yield prometheus, workers
        finally:
            prometheus.process.terminate()
            prometheus.process.wait(20)


def _send(river: River) -> None:
    started_s = time.monotonic()
    for number, event in enumerate(shoppers(int(TRAFFIC_S * EVENTS_PER_S), seed=1, users=40, items=60)):
        river.interact(event)
        if number % 10 == 0:
            item_id = f"item-{number // 10}"
            river.produce("media", {"item_id": item_id, "title": f"Teapot {number}"}, item_id)
            request = {"request_id": f"r{number}", "user_id": event["user_id"], "k": 5}
            river.produce("requests", request, event["user_id"])
        if number % 100 == 0:
            river.produce("interactions", {"user_id": "nobody"}, "nobody")
            river.interact(event | {"event_id": f"astray-{number}"}, partition=number // 100)
            river.flush()
        time.sleep(max(0.0, started_s + number / EVENTS_PER_S - time.monotonic()))
    river.flush()


def test_every_board_and_alert_looks_at_something(watched: tuple[Prometheus, Workers]) -> None:
    prometheus, _ = watched
    assert unknown(LOOKS, prometheus.series()) == {}
    assert silent(LOOKS, prometheus.values) == {}
    for rule in RULES:
        prometheus.values(rule["expr"])
    health = {
        rule["name"]: rule["health"] for group in prometheus.ask("rules")["groups"] for rule in group["rules"]
    }
    assert set(health.values()) == {"ok"}


def test_a_metric_that_is_renamed_is_noticed_wherever_it_is_looked_at(
    watched: tuple[Prometheus, Workers],
) -> None:
    prometheus, _ = watched
    known = prometheus.series()
    names = {name for look in LOOKS for name in look.names()}
    assert len(names) > 60
    for name in names:
        renamed = [look.renamed(name) for look in LOOKS if name in look.names()]
        assert unknown(renamed, known).keys() == {look.place for look in renamed}
        needed = [look for look in renamed if any(f"{name}_renamed" in one for one in look.needs)]
        assert silent(needed, prometheus.values).keys() == {look.place for look in needed}


def test_a_board_is_drawn_from_what_prometheus_has(
    watched: tuple[Prometheus, Workers], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures.main(watched[0].url, tmp_path, minutes=1, board=["freshet-river"])
    assert [path.name for path in tmp_path.iterdir()] == ["freshet-river.png"]
    assert capsys.readouterr().out == f"{tmp_path}/freshet-river.png\n", "and no panel without data"


def test_a_learner_that_stands_still_is_noticed_and_its_return_too(
    watched: tuple[Prometheus, Workers],
) -> None:
    prometheus, workers = watched
    assert "FreshetLearnerStalled" not in prometheus.firing()
    workers.kill("learn", signal.SIGSTOP)
    try:
        wait_for(lambda: "FreshetLearnerStalled" in prometheus.firing(), 90, lambda: str(prometheus.firing()))
    finally:
        workers.kill("learn", signal.SIGCONT)
    # It ends itself, having stood still for too long; its successor has to start, on a machine that may be busy.
    wait_for(
        lambda: "FreshetLearnerStalled" not in prometheus.firing(), 150, lambda: str(prometheus.firing())
    )
