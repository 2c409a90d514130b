"""What a dashboard is made of, and the few forms of expression that its panels have."""

import re
from dataclasses import dataclass

VARIABLES = ("tenant", "role", "worker")
CHOSEN = 'tenant=~"$tenant", role=~"$role", worker=~"$worker"'
"""Selects what the board's variables say."""
WINDOW = "$__rate_interval"


@dataclass(frozen=True)
class Query:
    """One expression of PromQL; `legend` names its series, by their labels."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """One picture."""

    title: str
    good: str
    """A sentence that says what good looks like."""
    unit: str
    """By Grafana's name of it."""
    queries: tuple[Query, ...]
    empty_because: str = ""
    """Why a healthy river may have no data for it; empty where there has to be some."""


@dataclass(frozen=True)
class Row:
    """Panels beside one another, under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    rows: tuple[Row, ...]
    annotations: tuple[Query, ...] = ()
    """Moments that are marked on every panel, where the expression has a value."""

    @property
    def panels(self) -> list[Panel]:
        """All of them, from top to bottom."""
        return [panel for row in self.rows for panel in row.panels]


def of_everything(expr: str, window: str) -> str:
    """An expression as Grafana sends it where every variable is at All and rates are over `window`."""
    return re.sub(rf"\$({'|'.join(VARIABLES)})\b", ".*", expr.replace(WINDOW, window))


def rate(counter: str, by: str, legend: str = "", roles: str = "") -> Query:
    """Events a second of a counter, summed by a label; of these roles only, as `encode|learn`, if any are given."""
    return Query(f"sum by ({by}) (rate({counter}{{{_chosen(roles)}}}[{WINDOW}]))", legend or f"{{{{{by}}}}}")


def rate_where(counter: str, where: str, legend: str) -> Query:
    """Events a second of the part of a counter that `where` selects, all together."""
    return Query(f"sum(rate({counter}{{{where}, {CHOSEN}}}[{WINDOW}]))", legend)


def quantiles(histogram: str, by: str = "") -> tuple[Query, ...]:
    """Median and 99th percentile of a histogram, of each value of a label if one is given."""
    labels, name = (f"le, {by}", f"{{{{{by}}}}} ") if by else ("le", "")
    buckets = f"sum by ({labels}) (rate({histogram}_bucket{{{CHOSEN}}}[{WINDOW}]))"
    return tuple(Query(f"histogram_quantile({q}, {buckets})", f"{name}p{q * 100:.0f}") for q in (0.5, 0.99))


def gauge(name: str, by: str, how: str = "max", legend: str = "", roles: str = "") -> Query:
    """A gauge, its workers' values brought together by `how`; of these roles only, if any are given.

    A gauge without labels is 0 in all workers of which it says nothing.
    """
    return Query(f"{how} by ({by}) ({name}{{{_chosen(roles)}}})", legend or f"{{{{{by}}}}}")


def _chosen(roles: str) -> str:
    return f'role=~"{roles}", {CHOSEN}' if roles else CHOSEN
