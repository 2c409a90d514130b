"""`freshet evaluate`: how good the lists are on a recorded stream, next to baselines, without Kafka."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli.given_stream import (
    COLUMNS,
    CategoryColumn,
    ColumnNames,
    Dataset,
    Interactions,
    Items,
    Limit,
    TextColumns,
    TimestampUnit,
    read_given,
)
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

    from online.evaluation.evaluate import Task
    from online.evaluation.report import Figures, Report
    from online.evaluation.stream import Stream

NO_ENCODER = "none"
TABLE_WIDTH = 140
"""Narrower terminals fold the tables' lines; figures are never cut off."""
SLICED_TOGETHER = 8
"""Methods whose slices stand side by side; the others have tables below."""


def evaluate(  # noqa: PLR0913, PLR0917  # one parameter an option: that is how typer reads them
    dataset: Dataset = None,
    interactions: Interactions = None,
    columns: ColumnNames = COLUMNS,
    timestamp_unit: TimestampUnit = "s",
    items: Items = None,
    text: TextColumns = "",
    category: CategoryColumn = None,
    images: Annotated[
        str | None,
        typer.Option(help="Pictures, as 'posters/{item_id}.jpg': counted, not yet used for lists."),
    ] = None,
    encoder: Annotated[str, typer.Option(help=f"Text encoder for Freshet, or {NO_ENCODER}.")] = "wordllama",
    repeats: Annotated[
        Literal["allow", "hide"], typer.Option(help="May lists hold what the user had?")
    ] = "allow",
    ties: Annotated[
        Literal["set", "shuffle"], typer.Option(help="Are a user's equal timestamps one set?")
    ] = "set",
    warm_up: Annotated[
        float, typer.Option(min=0.0, max=0.95, help="Share that is learned but not scored.")
    ] = 0.2,
    limit: Limit = None,
    seed: Annotated[int, typer.Option(help="Decides the order of equal timestamps.")] = 0,
    methods: Annotated[
        str,
        typer.Option(
            help="Some methods only, by name: freshet,transitions. By default all but implicit_als, which needs a "
            "package of its own."
        ),
    ] = "",
    delay_history: Annotated[int, typer.Option(min=0, help="Lists know the user N events late.")] = 0,
    delay_weights: Annotated[int, typer.Option(min=0, help="Events are learned N events late.")] = 0,
    ablate: Annotated[
        bool,
        typer.Option(
            "--ablate",
            help="What each part of Freshet is worth: without it, for three seeds. --methods is not looked at.",
        ),
    ] = False,
    variety: Annotated[
        bool,
        typer.Option(
            "--diversity-curve",
            help="What varied lists cost, by dial; --curve draws that. --methods is not looked at.",
        ),
    ] = False,
    curve: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Draw how each method learns, window by window; needs the extra plot.",
        ),
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Test, then learn, through a recorded stream: Freshet as it serves, and the baselines."""
    import time  # noqa: PLC0415  # keeps `freshet --help` fast

    from online.evaluation.evaluate import Evaluation, Task, chosen_methods  # noqa: PLC0415  # keeps `freshet --help` fast
    from online.evaluation.provenance import provenance  # noqa: PLC0415
    from online.evaluation.replay import Delays  # noqa: PLC0415
    from online.evaluation.tables import InputError  # noqa: PLC0415
    from streams.cli.evaluate_ablation import run_ablation  # noqa: PLC0415
    from streams.cli.evaluate_curve import check_can_draw, draw_curve, draw_dials  # noqa: PLC0415
    from streams.cli.evaluate_diversity import run_diversity_curve  # noqa: PLC0415

    task = Task(repeats, ties, warm_up, limit, seed, Delays(delay_history, delay_weights))
    try:
        names = chosen_methods(methods)
        stream = read_given(dataset, interactions, columns, timestamp_unit, items, text, category, images)
        if curve is not None:
            check_can_draw()
        if ablate:
            run_ablation(
                stream, task, _vectors(stream, encoder), provenance(stream, task, encoder), json_file
            )
        elif variety:
            evaluation = Evaluation(stream, task, _vectors(stream, encoder), time.perf_counter)
            events = min(stream.event_count, task.limit or stream.event_count)
            dials = run_diversity_curve(evaluation, events, provenance(stream, task, encoder), json_file)
            if curve is not None:
                draw_dials(dials, curve)
        else:
            reports = _run(stream, task, names, encoder, json_file)
            if curve is not None:
                draw_curve(reports, curve)
    except (InputError, OSError) as exc:
        typer.echo(f"freshet: {exc}", err=True)
        raise typer.Exit(2) from None


def _run(
    stream: "Stream", task: "Task", names: list[str], encoder: str, json_file: str | None
) -> "dict[str, Report]":
    import time  # noqa: PLC0415  # as above

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from online.evaluation.baselines import BASELINES  # noqa: PLC0415
    from online.evaluation.evaluate import evaluate  # noqa: PLC0415
    from online.evaluation.provenance import provenance  # noqa: PLC0415
    from streams.cli.evaluate_tables import overall, ratings, sliced  # noqa: PLC0415

    notes = Console(stderr=True, soft_wrap=True)
    _note_pictures(stream, notes)
    total = min(stream.event_count, task.limit or stream.event_count)
    with Progress(console=notes, transient=True) as bar:
        rows = {name: bar.add_task(name, total=total) for name in names}
        vectors = _vectors(stream, encoder) if set(names) - set(BASELINES) else {}
        reports = evaluate(
            stream,
            task,
            names,
            vectors,
            time.perf_counter,
            lambda name, done: bar.update(rows[name], completed=done),
        )
    output = Console(stderr=json_file == "-")
    output.width = max(output.width, TABLE_WIDTH)
    output.print(overall(reports))
    for start in range(0, len(names), SLICED_TOGETHER):
        output.print(sliced({name: reports[name] for name in names[start : start + SLICED_TOGETHER]}))
    errors = _rating_errors(stream, task)
    if errors:
        output.print(ratings(errors))
    if json_file is not None:
        run = provenance(stream, task, encoder) | ({"rating_errors": errors} if errors else {})
        write_json(json_file, {"run": run, **reports})
    return reports


def _rating_errors(stream: "Stream", task: "Task") -> "dict[str, Figures]":
    """How far predicted ratings are off; empty where the values are no ratings."""
    from online.evaluation.ratings import rating_errors  # noqa: PLC0415  # as above
    from online.evaluation.timeline import timeline  # noqa: PLC0415

    if stream.action != "rate":
        return {}
    replayed = timeline(stream, task.ties, task.repeats, task.warm_up, task.seed, task.limit)
    return rating_errors(replayed, len(stream.user_ids), len(stream.item_ids))


def _vectors(stream: "Stream", encoder_name: str) -> "Mapping[str, NDArray[np.float32]]":
    """Content vectors of the items with text, made as the encode role makes them; equal texts are encoded once."""
    texts = {item_id: known.text for item_id, known in stream.catalogue.items() if known.text}
    if encoder_name == NO_ENCODER or not texts:
        return {}
    from encoders import registry  # noqa: PLC0415  # heavy, and of no use without texts
    from encoders.projection import Projection  # noqa: PLC0415
    from online.evaluation.tables import InputError  # noqa: PLC0415
    from online.recommender import RecommenderConfig  # noqa: PLC0415

    try:
        encoder = registry.load("text", encoder_name)
    except registry.UnknownEncoderError as exc:
        raise InputError(str(exc)) from exc
    distinct = sorted(set(texts.values()))
    encoded = Projection(encoder.dim).project(encoder.encode(distinct).vectors)
    small = Projection(encoded.shape[1], RecommenderConfig().dim).project(encoded)
    row_of = {known: row for row, known in enumerate(distinct)}
    return {item_id: small[row_of[known]] for item_id, known in texts.items()}


def _note_pictures(stream: "Stream", console: "Console") -> None:
    pictured = sum(known.has_image for known in stream.catalogue.values())
    if pictured:
        console.print(
            f"{pictured} of {len(stream.catalogue)} items have a picture: this only splits the figures by modality; "
            "there is no image encoder yet, so no list is made with them"
        )
