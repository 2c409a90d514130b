"""Pictures of what the boards show, drawn from a real Prometheus, where there is no Grafana.

`python -m deploy.dashboards.pictures --prometheus http://127.0.0.1:9090 --out FOLDER` draws one file a board. It
evaluates the very expressions of the boards, with all tenants, roles and workers chosen.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from math import isnan
from pathlib import Path
from textwrap import fill
from typing import Annotated, Any
from urllib.error import URLError

import typer
from PIL import Image

from deploy.dashboards import BOARDS
from deploy.dashboards.board import Board, Panel, of_everything
from deploy.dashboards.history import History, Line, QueryError, Span
from deploy.dashboards.units import FORMS

SCRAPE_S = 5.0
"""As in `deploy/prometheus/prometheus.yml`."""
POINTS = 240
WIDTH, ROW_HEIGHT = 15.0, 2.8
"""Inches."""
TITLE_ROWS = 0.12
MARGINS = {"left": 0.045, "right": 0.99, "top": 0.83, "bottom": 0.32, "wspace": 0.28}
"""Of a row's charts. Fixed, since to measure every text takes longer than to draw it."""
DPI = 72
COLOURS = 128
LINES = 8
"""Of a panel; how many there are is said."""
COLUMNS = {1: 4, 2: 4, 3: 3}
"""Of a legend, by how many charts are in its row; else two."""
WORDS = 34
"""Characters in a line of words within a chart."""
Past = Callable[[str], Sequence[Line]]
"""What an expression had."""


def draw(board: Board, past: Past, span: Span, path: Path) -> list[str]:
    """Draws all panels of a board, row by row.

    Returns:
        The titles of panels that have no data and do not say why.

    Raises:
        ImportError: matplotlib is not installed; it comes with the extra `plot`.
        OSError: The file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  # an extra that only this needs

    figure = Figure(figsize=(WIDTH, ROW_HEIGHT * (len(board.rows) + TITLE_ROWS)))
    moments = [datetime.fromtimestamp(at_s, UTC) for at_s in span.times_s()]
    marks = [
        moments[n] for one in board.annotations for line in past(_asked(one.expr, span)) for n in _there(line)
    ]
    empty = []
    for row, strip in zip(board.rows, _strips(figure, board), strict=True):
        strip.suptitle(row.title, x=0.005, y=0.99, ha="left", fontsize=10, color="#444444")
        strip.subplots_adjust(**MARGINS)
        for panel, chart in zip(
            row.panels, strip.subplots(1, len(row.panels), squeeze=False)[0], strict=True
        ):
            shown = _lines(panel, past, span)
            _plot(chart, panel, shown, moments, COLUMNS.get(len(row.panels), 2))
            for moment in marks:
                chart.axvline(moment, color="orange", linewidth=0.8)
            if not shown and not panel.empty_because:
                empty.append(panel.title)
    _save(figure, path)
    return empty


def _strips(figure: Any, board: Board) -> Sequence[Any]:  # noqa: ANN401  # matplotlib is not typed
    """Below the board's title, a part of the picture for each row."""
    title, *strips = figure.subfigures(
        len(board.rows) + 1, 1, height_ratios=[TITLE_ROWS, *[1.0] * len(board.rows)]
    )
    title.suptitle(board.title, x=0.005, y=0.9, ha="left", fontsize=13, fontweight="bold")
    return list(strips)


def _asked(expr: str, span: Span) -> str:
    """With the window of rates that Grafana takes: some scrapes, or a step and a scrape."""
    return of_everything(expr, f"{max(4 * SCRAPE_S, span.step_s + SCRAPE_S):.0f}s")


def _lines(panel: Panel, past: Past, span: Span) -> dict[str, list[float]]:
    """What a panel shows, by legend."""
    return {
        legend(query.legend, line.labels): line.values
        for query in panel.queries
        for line in past(_asked(query.expr, span))
        if _there(line)
    }


def _there(line: Line) -> list[int]:
    return [number for number, value in enumerate(line.values) if not isnan(value)]


def legend(form: str, labels: Mapping[str, str]) -> str:
    """A series' name: the labels that `form` names in double braces, in their places; else all that it has."""
    return re.sub(r"{{(\w+)}}", lambda found: labels.get(found[1], ""), form).strip() or str(dict(labels))


def _plot(
    chart: Any, panel: Panel, shown: dict[str, list[float]], moments: list[datetime], columns: int  # noqa: ANN401  # as above
) -> None:  # fmt: skip
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415  # as above

    of = f" ({LINES} of {len(shown)} lines)" if len(shown) > LINES else ""
    chart.set_title(panel.title + of, fontsize=9)
    chart.tick_params(labelsize=7)
    chart.grid(alpha=0.25)
    chart.set_xlim(moments[0], moments[-1])
    for name, values in sorted(shown.items())[:LINES]:
        # What lies on the axis, as zero does, is to be seen too.
        chart.plot(moments, values, linewidth=1.2, label=name, clip_on=False)
    if not shown:
        why = f"nothing: {panel.empty_because}" if panel.empty_because else "no data"
        chart.text(0.5, 0.5, fill(why, WORDS), transform=chart.transAxes, ha="center", fontsize=7)
        chart.set_yticks([])
    else:
        low, high = chart.get_ylim()
        chart.set_ylim(min(0.0, low) if _negative(shown) else 0.0, high if _any(shown) else 1.0)
        chart.yaxis.set_major_formatter(lambda value, _: FORMS[panel.unit](value))
        chart.legend(
            fontsize=6.5, frameon=False, ncols=columns, loc="upper left", bbox_to_anchor=(0, -0.14), borderaxespad=0
        )  # fmt: skip
    ticks = AutoDateLocator(minticks=3, maxticks=9)  # type: ignore[no-untyped-call]  # matplotlib's types are few
    chart.xaxis.set_major_locator(ticks)
    chart.xaxis.set_major_formatter(ConciseDateFormatter(ticks, show_offset=False))  # type: ignore[no-untyped-call]  # as above


def _negative(shown: Mapping[str, list[float]]) -> bool:
    return any(value < 0 for values in shown.values() for value in values)


def _any(shown: Mapping[str, list[float]]) -> bool:
    return any(value for values in shown.values() for value in values if not isnan(value))


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401  # as above
    """A chart has few colours, and is a third of the size with no more than it needs."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=DPI, format="png")
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def main(
    prometheus: Annotated[str, typer.Option(help="http://host:port of a Prometheus.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    minutes: Annotated[float, typer.Option(min=1, help="How much of the past is shown.")] = 10,
    board: Annotated[list[str] | None, typer.Option(help="A board's uid; all of them unless given.")] = None,
) -> None:
    """Draws each board into a file of its name."""
    wanted = [one for one in BOARDS if board is None or one.uid in board]
    step_s = max(SCRAPE_S, minutes * 60 / POINTS)
    count = int(minutes * 60 / step_s) + 1
    span = Span(time.time() - (count - 1) * step_s, step_s, count)
    history = History(prometheus, span)
    out.mkdir(parents=True, exist_ok=True)
    try:
        for one in wanted:
            empty = draw(one, history.of, span, path := out / f"{one.uid}.png")
            typer.echo(f"{path}: no data in {', '.join(empty)}" if empty else f"{path}")
    except (QueryError, URLError, ImportError) as exc:
        advice = "; try: pip install 'freshet[plot]'" if isinstance(exc, ImportError) else ""
        typer.echo(f"{exc}{advice}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    typer.run(main)
