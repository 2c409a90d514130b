"""`freshet evaluate --diversity-curve`: what variety costs in accuracy."""

from collections.abc import Mapping

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from online.evaluation.diversity_curve import Point, diversity_curve
from online.evaluation.evaluate import Evaluation
from streams.cli.evaluate_tables import COMPARED, change
from streams.cli.output import widen, write_json
from streams.cli.progress import Bars

SHOWN = ("coverage@10", "novelty@10", "diversity@10")


def run_diversity_curve(
    evaluation: Evaluation, events: int, provenance: Mapping[str, object], json_file: str | None
) -> list[Point]:
    """Replays the stream, and prints its lists' figures for every dial."""
    with Bars() as bar:
        row = bar.add_task("", total=events)
        points = list(
            diversity_curve(evaluation, lambda name, done: bar.update(row, completed=done, description=name))
        )
    output = Console(stderr=json_file == "-")
    widen(output)
    output.print(_table(points))
    if json_file is not None:
        curve = [
            {
                "diversifier": point.diversifier,
                "dial": point.dial,
                **point.report["overall"],
                "miscalibration": point.miscalibration,
            }
            for point in points
        ]
        write_json(json_file, {"run": provenance, "curve": curve})
    return points


def _table(points: list[Point]) -> Table:
    title = "Variety: by dial, beside the lists as they are"
    headers = [header for name in COMPARED for header in (name, "change")]
    headers += [*SHOWN, "likeness in a list", "miscalibration"]
    columns = (Column(header, justify="right") for header in headers)
    table = Table("chosen by", Column("dial", justify="right"), *columns, title=title, box=SIMPLE)
    before = points[0].report["overall"]
    for point in points:
        figures = point.report["overall"]
        cells = [
            cell
            for name in COMPARED
            for cell in (f"{figures[name]:.4f}", change(figures[name], before[name]))
        ]
        cells += [f"{figures[name]:.4f}" if name in figures else "-" for name in SHOWN]
        alike = (
            change(1 - figures["diversity@10"], 1 - before["diversity@10"])
            if "diversity@10" in figures
            else "-"
        )
        far = "-" if point.miscalibration is None else f"{point.miscalibration:.3f}"
        table.add_row(point.diversifier if point.dial else "-", f"{point.dial:.1f}", *cells, alike, far)
    return table
