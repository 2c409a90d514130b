"""`freshet evaluate --curve`: how good lists are by time, by the dial of variety or by epsilon, as a picture."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from online.evaluation.diversity_curve import Point
from online.evaluation.report import WINDOW, Report
from online.evaluation.tables import InputError
from online.evaluation.variants import FRESHET
from online.ranking.diversity import Diversifier

if TYPE_CHECKING:
    from online.evaluation.privacy_curve import PrivacyPoint

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
    _save(figure, path)


def draw_dials(dials: Sequence[Point], path: Path) -> None:
    """Draws what each dial costs in accuracy, over how much less alike the items of a list are.

    Raises:
        InputError: Nothing says how alike items are, or the file's ending is none of a picture.
        OSError: The file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  # as above

    start = dials[0].report["overall"]
    if "diversity@10" not in start:
        msg = "--curve: how alike items are is known by --category or --text only, and there is neither"
        raise InputError(msg)
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    panel = figure.subplots()
    for diversifier in get_args(Diversifier):
        figures = [start, *(d.report["overall"] for d in dials if d.dial and d.diversifier == diversifier)]
        alike = [100 * (1 - (1 - f["diversity@10"]) / (1 - start["diversity@10"])) for f in figures]
        kept = [100 * f["ndcg@10"] / start["ndcg@10"] for f in figures]
        panel.plot(alike, kept, marker="o", label=diversifier.upper())
    panel.set_xlabel("less likeness within a list, %")
    panel.set_ylabel("NDCG@10, % of the lists as they are")
    panel.grid(alpha=0.3)
    panel.legend()
    _save(figure, path)


def draw_budgets(budgets: "Sequence[PrivacyPoint]", path: Path) -> None:
    """Draws what each epsilon leaves of accuracy, between the network without privacy and the blend.

    Raises:
        InputError: The file's ending is none of a picture.
        OSError: The file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  # as above

    private = [point for point in budgets if point.epsilon is not None]
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    panels = figure.subplots(1, len(MEASURES))
    for panel, measure in zip(panels, MEASURES, strict=True):
        panel.plot(
            [point.epsilon for point in private],
            [point.report["overall"][measure] for point in private],
            marker="o",
            label="private",
        )
        for point, style in zip([p for p in budgets if p.epsilon is None], (":", "--"), strict=True):
            panel.axhline(point.report["overall"][measure], linestyle=style, color="grey", label=point.name)
        panel.set_xscale("log")
        panel.set_xticks([point.epsilon for point in private], [f"{point.epsilon:g}" for point in private])
        panel.minorticks_off()
        panel.set_title(measure.upper())
        panel.set_xlabel("epsilon of each user")
        panel.grid(alpha=0.3)
    panels[0].legend()
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401  # matplotlib is not typed
    try:
        figure.savefig(path, dpi=120)
    except ValueError as exc:
        msg = f"--curve {path}: {exc}"
        raise InputError(msg) from exc


def points(report: Report, measure: str) -> tuple[list[float], list[float]]:
    """The events replayed at the end of each window, and the measure in it."""
    windows = [figures for name, figures in report.items() if name.startswith(WINDOW)]
    return [figures["events_through"] for figures in windows], [figures[measure] for figures in windows]
