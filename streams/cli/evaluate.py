"""`freshet evaluate`: how good the lists are on a recorded stream, next to baselines, without Kafka."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli.given_stream import (
    COLUMNS,
    SEED_LIMIT,
    CategoryColumn,
    ColumnNames,
    Dataset,
    Interactions,
    Items,
    Limit,
    TextColumns,
    TimestampUnit,
    is_world,
    read_given,
)
from streams.cli.output import JsonFile, widen, write_json

if TYPE_CHECKING:
    from online.evaluation.evaluate import Task
    from online.evaluation.methods import Method
    from online.evaluation.report import Figures, Report
    from online.evaluation.stream import Stream
    from online.evaluation.variants import Fusion, ItemContent

NO_ENCODER = "none"
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
        typer.Option(help="The items' pictures, as 'posters/{item_id}.jpg' beside the items file."),
    ] = None,
    encoder: Annotated[
        str, typer.Option(help=f"Text encoder for Freshet; {NO_ENCODER}: items are made of nothing.")
    ] = "wordllama",
    fusion: Annotated[
        Literal["fixed", "concatenation", "weighted_mean", "attention"] | None,
        typer.Option(
            help="How an item's modalities become one vector: learned (as weighted_mean if nothing is said), or fixed."
        ),
    ] = None,
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
    seed: Annotated[
        int, typer.Option(min=0, max=SEED_LIMIT, help="Decides the order of equal timestamps.")
    ] = 0,
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
    dp: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EPSILON",
            help="What differential privacy of the ranking costs, for each of 8,1 for instance, and whether its "
            "weights tell whom they were learned from; --curve draws that. --methods is not looked at.",
        ),
    ] = None,
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

    from threadpoolctl import threadpool_limits  # noqa: PLC0415  # as above

    from online.evaluation.evaluate import Evaluation, Task, chosen_methods  # noqa: PLC0415
    from online.evaluation.provenance import provenance  # noqa: PLC0415
    from online.evaluation.replay import Delays  # noqa: PLC0415
    from online.evaluation.tables import InputError  # noqa: PLC0415
    from streams.cli.evaluate_ablation import run_ablation  # noqa: PLC0415
    from streams.cli.evaluate_curve import check_can_draw, draw_budgets, draw_curve, draw_dials  # noqa: PLC0415
    from streams.cli.evaluate_diversity import run_diversity_curve  # noqa: PLC0415
    from streams.settings import SettingsError  # noqa: PLC0415

    # Its matrices are small: more threads would only wait for one another.
    threadpool_limits(1, user_api="blas")
    try:
        others = _oracle(dataset)
        names = chosen_methods(methods, list(others))
        epsilons = _epsilons(dp)
        task = Task(
            repeats,
            ties,
            warm_up,
            limit,
            seed,
            Delays(delay_history, delay_weights),
            _fusion(fusion, is_private=bool(epsilons)),
        )
        stream = read_given(dataset, interactions, columns, timestamp_unit, items, text, category, images)
        if curve is not None:
            check_can_draw()
        if ablate:
            run_ablation(
                stream, task, _content(stream, encoder), provenance(stream, task, encoder), json_file
            )
        elif epsilons:
            from streams.cli.evaluate_privacy import run_privacy_curve  # noqa: PLC0415  # its accountant is heavy

            evaluation = Evaluation(stream, task, _content(stream, encoder), time.perf_counter)
            events = min(stream.event_count, task.limit or stream.event_count)
            run = provenance(stream, task, encoder)
            budgets = run_privacy_curve(evaluation, events, seed, epsilons, run, json_file)
            if curve is not None:
                draw_budgets(budgets, curve)
        elif variety:
            evaluation = Evaluation(stream, task, _content(stream, encoder), time.perf_counter)
            events = min(stream.event_count, task.limit or stream.event_count)
            dials = run_diversity_curve(evaluation, events, provenance(stream, task, encoder), json_file)
            if curve is not None:
                draw_dials(dials, curve)
        else:
            made = {name: partial(make, stream) for name, make in others.items()}
            reports = _run(stream, task, names, encoder, made, json_file)
            if curve is not None:
                draw_curve(reports, curve)
    except (InputError, SettingsError, OSError) as exc:
        typer.echo(f"freshet: {exc}", err=True)
        raise typer.Exit(2) from None


def _epsilons(given: list[str] | None) -> list[float]:
    """Those of `--dp`, the largest first."""
    if not given:
        return []
    from online.evaluation.privacy_curve import parsed_epsilons  # noqa: PLC0415  # its accountant is heavy

    return parsed_epsilons(given)


def _fusion(given: "Fusion | None", *, is_private: bool) -> "Fusion":
    """What is asked for, or the default; no learned fusion has noise."""
    from online.evaluation.tables import InputError  # noqa: PLC0415  # keeps `freshet --help` fast
    from online.evaluation.variants import DEFAULT_FUSION, FIXED  # noqa: PLC0415  # as above

    if is_private and given not in {None, FIXED}:
        msg = f"--dp covers no learned fusion: leave --fusion {given} out"
        raise InputError(msg)
    return given or (FIXED if is_private else DEFAULT_FUSION)


def _oracle(dataset: str | None) -> "dict[str, Callable[[Stream], Method]]":
    """The methods that know the truth, by name, where there is one."""
    if dataset is None or not is_world(dataset):
        return {}
    from streams.generated.oracle import Oracle, OracleOfItems  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.generated.truth import read_truth  # noqa: PLC0415

    world = read_truth(Path(dataset) / "truth.json")
    return {
        "oracle": lambda stream: Oracle(world, stream),
        "oracle_of_items": lambda stream: OracleOfItems(world, stream),
    }


def _run(
    stream: "Stream",
    task: "Task",
    names: list[str],
    encoder: str,
    others: "Mapping[str, Callable[[], Method]]",
    json_file: str | None,
) -> "dict[str, Report]":
    import time  # noqa: PLC0415  # as above

    from rich.console import Console  # noqa: PLC0415

    from online.evaluation.evaluate import evaluate  # noqa: PLC0415
    from online.evaluation.provenance import provenance  # noqa: PLC0415
    from online.evaluation.variants import FRESHET, ItemContent  # noqa: PLC0415
    from streams.cli.evaluate_tables import chances, overall, ratings, sliced  # noqa: PLC0415
    from streams.cli.progress import Bars  # noqa: PLC0415

    total = min(stream.event_count, task.limit or stream.event_count)
    with Bars() as bar:
        rows = {name: bar.add_task(name, total=total) for name in names}
        is_content_used = any(name.startswith(FRESHET) for name in names)
        content = _content(stream, encoder) if is_content_used else ItemContent()
        reports = evaluate(
            stream,
            task,
            names,
            content,
            time.perf_counter,
            lambda name, done: bar.update(rows[name], completed=done),
            others,
        )
    output = Console(stderr=json_file == "-")
    widen(output)
    output.print(overall(reports))
    given = chances(reports)
    if given is not None:
        output.print(given)
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


def _content(stream: "Stream", text_encoder: str) -> "ItemContent":
    """What the items are made of, encoded as the encode role does."""
    from online.evaluation.variants import ItemContent  # noqa: PLC0415  # as above
    from streams import settings  # noqa: PLC0415

    if text_encoder == NO_ENCODER or all(known.modalities == "none" for known in stream.catalogue.values()):
        return ItemContent()
    from streams.cli.evaluate_media import default_encoders, embeddings  # noqa: PLC0415  # heavy
    from streams.item_vectors import Combination  # noqa: PLC0415

    encoders = default_encoders(text_encoder, settings.load())
    return ItemContent(embeddings(stream.catalogue, encoders), Combination().combine)
