"""Boards as Grafana's JSON, through its own SDK."""

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DatasourceVariable,
    QueryVariable,
)
from grafana_foundation_sdk.builders.dashboard import Row as GrafanaRow
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    VariableOption,
    VariableRefresh,
)

from deploy.dashboards.board import VARIABLES, Board, Panel

WIDTH = 24
"""Of Grafana's grid, in columns."""
HEIGHT = 8
_PROMETHEUS = DataSourceRef("prometheus", "${datasource}")


def to_json(board: Board) -> str:
    """The file that Grafana's provisioning reads."""
    made = (
        Dashboard(board.title)
        .uid(board.uid)
        .tags(["freshet"])
        .time("now-30m", "now")
        .refresh("10s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(DatasourceVariable("datasource").type("prometheus"))
    )
    for name in VARIABLES:
        made.with_variable(_variable(name))
    for marked in board.annotations:
        made.annotation(
            AnnotationQuery()
            .name(marked.legend)
            .datasource(_PROMETHEUS)
            .enable(True)
            .icon_color("orange")
            .expr(marked.expr)
        )
    for row in board.rows:
        made.with_row(GrafanaRow(row.title))
        for panel in row.panels:
            made.with_panel(_panel(panel, WIDTH // len(row.panels)))
    return JSONEncoder(sort_keys=True, indent=1).encode(made.build()) + "\n"


def _variable(name: str) -> QueryVariable:
    """Several values can be chosen; all of them means also the targets that lack the label."""
    return (
        QueryVariable(name)
        .datasource(_PROMETHEUS)
        .query(f"label_values(freshet_build_info, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _panel(panel: Panel, width: int) -> Timeseries:
    made = (
        Timeseries()
        .title(panel.title)
        .description(panel.good)
        .datasource(_PROMETHEUS)
        .unit(panel.unit)
        .axis_soft_min(0)
        .span(width)
        .height(HEIGHT)
    )
    if panel.empty_because:
        made.no_value(f"nothing: {panel.empty_because}")
    for number, query in enumerate(panel.queries):
        made.with_target(
            Dataquery().expr(query.expr).legend_format(query.legend).ref_id(chr(ord("A") + number))
        )
    return made
