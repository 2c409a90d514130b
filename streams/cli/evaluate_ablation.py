"""`freshet evaluate --ablate`: what each part of Freshet is worth on a stream."""

import time
from collections.abc import Mapping
from dataclasses import asdict, replace

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from online.evaluation.ablation import EVENT_LIMIT, MEASURES, SEEDS, Interval, Worth, methods_for, worths
from online.evaluation.evaluate import Task, evaluate
from online.evaluation.report import Report
from online.evaluation.stream import Stream
from online.evaluation.variants import ItemContent
from streams.cli.output import write_json
from streams.cli.progress import Bars


def run_ablation(
    stream: Stream,
    task: Task,
    content: ItemContent,
    provenance: Mapping[str, object],
    json_file: str | None,
) -> None:
    """Replays the stream without each part, for seeds from the task's on, and prints what that costs."""
    total = min(stream.event_count, task.limit or EVENT_LIMIT)
    methods = methods_for(content, task.fusion)
    seeds = range(task.seed, task.seed + SEEDS)
    by_seed: dict[int, dict[str, Report]] = {}
    with Bars() as bar:
        row = bar.add_task("", total=total)
        for seed in seeds:
            by_seed[seed] = evaluate(
                stream,
                replace(task, seed=seed, limit=total),
                methods,
                content,
                time.perf_counter,
                lambda name, done, seed=seed: bar.update(  # type: ignore[misc]  # its default is no argument
                    row, completed=done, description=f"{name}, seed {seed}"
                ),
            )
    found = worths(by_seed, methods)
    Console(stderr=json_file == "-").print(_table(found, total))
    if json_file is not None:
        shown = {
            method: {measure: asdict(worth) for measure, worth in of_method.items()}
            for method, of_method in found.items()
        }
        write_json(json_file, {"run": {**provenance, "events": total}, "worth": shown, "seeds": by_seed})


def _table(found: Mapping[str, Mapping[str, Worth]], events: int) -> Table:
    title = f"Means over {SEEDS} seeds and 95 % intervals, first {events:,} events"
    columns = (Column(name, justify="right") for measure in MEASURES for name in (measure, "change"))
    table = Table(Column("method", no_wrap=True), *columns, title=title, box=SIMPLE)
    for method, of_method in found.items():
        cells = (
            cell
            for worth in of_method.values()
            for cell in (_shown(worth.value), _shown(worth.change, "+") if worth.change else "")
        )
        table.add_row(method.replace("_", " "), *cells)
    return table


def _shown(interval: Interval, sign: str = "") -> str:
    return f"{interval.mean:{sign}.4f} ± {interval.half_width:.4f}"
