"""`freshet evaluate --dp`: what differential privacy of the ranking costs, and what can be told without it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from online.evaluation.evaluate import Evaluation
from online.evaluation.membership import HELD_OUT
from online.evaluation.privacy_curve import DELTA, PrivacyPoint, privacy_curve
from streams.cli.evaluate_tables import COMPARED, change
from streams.cli.output import widen, write_json
from streams.cli.progress import Bars


def run_privacy_curve(
    evaluation: Evaluation,
    events: int,
    seed: int,
    epsilons: Sequence[float],
    provenance: Mapping[str, object],
    json_file: str | None,
) -> list[PrivacyPoint]:
    """Replays the stream for every epsilon, and prints the lists' figures and the attacks'."""
    with Bars() as bar:
        row = bar.add_task("", total=events)

        def show(name: str, done: int) -> None:
            bar.update(row, completed=done, description=name)

        points = list(privacy_curve(evaluation, seed, epsilons, show))
    output = Console(stderr=json_file == "-")
    widen(output)
    output.print(_table(points))
    if json_file is not None:
        curve = [asdict(point) | {"report": point.report["overall"]} for point in points]
        write_json(json_file, {"run": provenance, "delta": DELTA, "privacy": curve})
    return points


def _table(points: Sequence[PrivacyPoint]) -> Table:
    title = f"Privacy of each user, for the whole stream; delta {DELTA:g}; one user of {HELD_OUT} held out"
    headers = ["epsilon spent", "steps", *(header for name in COMPARED for header in (name, "change"))]
    headers += ["attack on lists, AUC", "on users"]
    columns = (Column(header, justify="right") for header in headers)
    table = Table(Column("ranked by", no_wrap=True), *columns, title=title, box=SIMPLE)
    before = next(point for point in points if point.name == "network").report["overall"]
    for point in points:
        figures = point.report["overall"]
        spent = "no bound" if point.name == "network" else _shown(point.spent, 2)
        cells = [
            cell
            for name in COMPARED
            for cell in (f"{figures[name]:.4f}", change(figures[name], before[name]))
        ]
        attacks = (_shown(point.attack_on_lists, 3), _shown(point.attack_on_users, 3))
        table.add_row(point.name, spent, f"{point.steps:,}", *cells, *attacks)
    return table


def _shown(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
