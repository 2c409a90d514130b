"""`freshet evaluate --curve`: how good each method's lists are as the stream goes by, as a picture."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from online.evaluation.evaluate import FRESHET
from online.evaluation.report import WINDOW, Report
from online.evaluation.tables import InputError

MEASURES = ("hr@10", "ndcg@10")


def check_can_draw() -> None:
    """Finds out before the replay whether its curve can be drawn.

    Raises:
        InputError: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        msg = "--curve needs the package matplotlib; try: pip install 'freshet[plot]'"
        raise InputError(msg)


def draw_curve(reports: Mapping[str, Report], path: Path) -> None:
    """Draws each measure over the events replayed, a line a method, Freshet's the thickest.

    Raises:
        InputError: Nothing was scored, or the file's ending is none of a picture.
        OSError: The file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  # an extra that only this needs

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    panels = figure.subplots(1, len(MEASURES))
    for panel, measure in zip(panels, MEASURES, strict=True):
        for method, report in reports.items():
            events, values = points(report, measure)
            if not events:
                msg = "--curve: no list was scored; a smaller --warm-up or a longer stream is needed"
                raise InputError(msg)
            panel.plot(events, values, label=method, linewidth=2.5 if method == FRESHET else 1.2)
        panel.set_title(measure.upper())
        panel.set_xlabel("events replayed")
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper")
    try:
        figure.savefig(path, dpi=120)
    except ValueError as exc:
        msg = f"--curve {path}: {exc}"
        raise InputError(msg) from exc


def points(report: Report, measure: str) -> tuple[list[float], list[float]]:
    """The events replayed at the end of each window, and the measure in it."""
    windows = [figures for name, figures in report.items() if name.startswith(WINDOW)]
    return [figures["events_through"] for figures in windows], [figures[measure] for figures in windows]
