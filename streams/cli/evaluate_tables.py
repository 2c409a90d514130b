"""What `freshet evaluate` shows of its figures."""

from collections.abc import Mapping

from rich.box import SIMPLE
from rich.table import Column, Table

from online.evaluation.report import WINDOW, Figures, Report

SHOWN = (
    "hr@10",
    "ndcg@10",
    "recall@10",
    "precision@10",
    "mrr",
    "hr@100",
    "coverage@10",
    "novelty@10",
    "diversity@10",
)
COMPARED = ("hr@10", "ndcg@10")
"""What lists are compared by, before and after a change."""


def overall(reports: Mapping[str, Report]) -> Table:
    """Every measure over all lists, a line a method."""
    method = Column("method", no_wrap=True)
    table = Table(
        method, *(name.replace("@", " @") for name in SHOWN), "events /s", title="Overall", box=SIMPLE
    )
    for name, report in reports.items():
        figures = report["overall"]
        shown = [f"{figures[measure]:.4f}" if measure in figures else "-" for measure in SHOWN]
        table.add_row(name, *shown, f"{figures['events_per_s']:,.0f}")
    return table


def ratings(errors: Mapping[str, Figures]) -> Table:
    """How far each predictor of ratings is off."""
    table = Table(Column("predictor", no_wrap=True), "MAE", "RMSE", title="Predicted ratings", box=SIMPLE)
    for name, figures in errors.items():
        table.add_row(name, f"{figures['mae']:.4f}", f"{figures['rmse']:.4f}")
    return table


def chances(reports: Mapping[str, Report]) -> Table | None:
    """How far the chances that items of lists are given are from what was had; None where no method gives any."""
    given = {name: report["overall"] for name, report in reports.items() if "ece@10" in report["overall"]}
    if not given:
        return None
    measures = ("chance @10", "had @10", "ECE @10", "ECE @10 of scores")
    table = Table(Column("method", no_wrap=True), *measures, title="Chances", box=SIMPLE)
    for name, figures in given.items():
        shown = (figures[measure] for measure in ("chance@10", "had@10", "ece@10", "ece_of_scores@10"))
        table.add_row(name, *(f"{value:.4f}" for value in shown))
    return table


def sliced(reports: Mapping[str, Report]) -> Table:
    """HR@10 by slice, with the number of lists behind each."""
    methods = (Column(name.replace("_", " "), min_width=10) for name in reports)
    table = Table(Column("HR@10", no_wrap=True), "lists", *methods, title="By slice", box=SIMPLE)
    for name, figures in list(next(iter(reports.values())).items())[1:]:
        if name.startswith(WINDOW):
            continue
        hits = (f"{report[name].get('hr@10', 0.0):.4f}" for report in reports.values())
        table.add_row(name, f"{figures['lists']:,.0f}", *hits)
    return table


def change(value: float, before: float) -> str:
    """How much a figure is above what it was before, or below it."""
    return f"{value / before - 1:+.1%}" if before else "-"
