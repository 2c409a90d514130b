"""Boards and alerts, without Prometheus: they are current, and name metrics and labels that there are."""

import json
import re

import pytest
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import Counter, Histogram, Info
from prometheus_client.metrics import MetricWrapperBase

from deploy.dashboards import BOARDS
from deploy.dashboards.__main__ import FOLDER
from deploy.dashboards.board import VARIABLES, Board, Panel
from deploy.dashboards.grafana import to_json
from streams import metrics
from tests.deploy.prometheus import ALERTS, expressions

TARGET_LABELS = {*VARIABLES, "job", "instance"}
"""What Prometheus knows of a worker beside what it says itself."""
EXPRESSIONS = expressions("1m")
PANELS = [panel for board in BOARDS for panel in board.panels]


def series(metric: MetricWrapperBase) -> set[str]:
    """The names under which Prometheus has a metric."""
    name = metric._name
    if isinstance(metric, Counter):
        return {f"{name}_total"}
    if isinstance(metric, Histogram):
        return {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return {f"{name}_info"} if isinstance(metric, Info) else {name}


METRICS = {
    name: metric
    for metric in vars(metrics).values()
    if isinstance(metric, MetricWrapperBase)
    for name in series(metric)
}


def names_in(expr: str) -> set[str]:
    """Our metrics in an expression; what a rule records has colons in its name."""
    return set(re.findall(r"\bfreshet_\w+", expr))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_the_file_is_what_the_board_says(board: Board) -> None:
    path = FOLDER / f"{board.uid}.json"
    assert path.read_text() == to_json(board), "stale; run: python -m deploy.dashboards"


def test_no_file_is_left_of_a_board_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {board.uid for board in BOARDS}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_every_variable_and_data_source_resolves(board: Board) -> None:
    made = json.loads(to_json(board))
    variables = {one["name"] for one in made["templating"]["list"]}
    assert variables == {"datasource", *VARIABLES}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(made)))
    assert used <= variables | {"__rate_interval", "__all"}
    sources = [panel["datasource"]["uid"] for panel in made["panels"] if panel["type"] != "row"]
    assert set(sources) == {"${datasource}"}
    assert len(sources) == len(board.panels)
    # Grafana's own model takes it in and gives the same back.
    assert (
        json.loads(json.dumps(Dashboard.from_json(made).to_json(), default=lambda one: one.to_json())) == made
    )


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_an_axis_begins_at_zero_unless_something_is_below(board: Board) -> None:
    """A fixed minimum would hide slices that are worse than popularity, for instance."""
    panels = [panel for panel in json.loads(to_json(board))["panels"] if panel["type"] != "row"]
    for defaults in (panel["fieldConfig"]["defaults"] for panel in panels):
        assert "min" not in defaults
        assert defaults["custom"]["axisSoftMin"] == 0


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_every_panel_says_what_good_looks_like(panel: Panel) -> None:
    assert re.fullmatch(r"[`A-Z1].{8,}[.]", panel.good)
    assert panel.queries
    assert all("$tenant" in query.expr or "ALERTS" in query.expr for query in panel.queries)


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_every_metric_named_is_one_that_there_is(place: str) -> None:
    assert names_in(EXPRESSIONS[place]) <= METRICS.keys()


@pytest.mark.parametrize("place", EXPRESSIONS)
def test_every_label_named_is_one_of_its_metrics(place: str) -> None:
    expr = EXPRESSIONS[place]
    known = set(TARGET_LABELS)
    for name in names_in(expr):
        known |= set(METRICS[name]._labelnames)
        known |= {"le"} if name.endswith("_bucket") else set()
        known |= {"version"} if name == "freshet_build_info" else set()
    grouped = {label for by in re.findall(r"by \(([^)]*)\)", expr) for label in by.split(", ")}
    matched = set(re.findall(r'(\w+)=~?"', expr))
    if names_in(expr):
        assert grouped | matched <= known


def test_every_metric_is_on_a_board() -> None:
    shown = {name for panel in PANELS for query in panel.queries for name in names_in(query.expr)}
    hidden = [name for name, metric in METRICS.items() if not shown & series(metric)]
    assert hidden == []


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_a_severity_and_a_remedy(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert set(alert["annotations"]) == {"summary", "remedy"}
    assert alert["annotations"]["remedy"].endswith((".", "?"))
