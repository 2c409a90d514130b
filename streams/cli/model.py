"""`freshet model`: list the model's snapshots, compare two, roll the ranking back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.output import JsonFile, widen, write_json

if TYPE_CHECKING:
    from streams.models import ModelSnapshot, RolledBack, Standing

app = typer.Typer(no_args_is_help=True, help="Snapshots of the model: list, compare, rollback.")

Name = Annotated[str, typer.Argument(help="A snapshot's name, or any part of it that no other has.")]


@app.command("list")
def list_snapshots(json_file: JsonFile = None) -> None:
    """Show every snapshot: version, place in the log, and how its ranking had done against the fixed blend."""
    with _errors():
        from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
        from streams.models import list_models  # noqa: PLC0415

        found = list_models(settings.load())
        if json_file is not None:
            write_json(json_file, found)
        if json_file != "-":
            _show(found)


@app.command()
def compare(
    first: Name,
    second: Name,
    users: Annotated[int, typer.Option(min=0, help="Users whose lists are made with both.")] = 100,
    json_file: JsonFile = None,
) -> None:
    """Compare two snapshots' rankings: how they had done, how alike their weights and their lists are."""
    with _errors():
        from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
        from streams.kafka import admin_client  # noqa: PLC0415
        from streams.models import compare  # noqa: PLC0415

        loaded = settings.load()
        found = asyncio.run(compare(loaded, admin_client(loaded), first, second, users))
        if json_file is not None:
            write_json(json_file, found)
        if json_file != "-":
            for name, standing in zip((found.first, found.second), found.rankings, strict=True):
                typer.echo(f"{name}: {_standing(standing)}")
            overlap = "no users yet" if found.overlap is None else f"{found.overlap:.3f} of their items"
            typer.echo(f"weights: cosine {found.cosine:.4f}")
            typer.echo(f"lists of {found.users} users share: {overlap}")


@app.command()
def rollback(name: Name, json_file: JsonFile = None) -> None:
    """Serve an older snapshot's ranking again; the learner goes on from it.

    Statistics stay as they are, since they follow from the log alone. A learner that runs starts anew by itself.
    """
    with _errors():
        from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
        from streams.kafka import admin_client  # noqa: PLC0415
        from streams.models import rollback  # noqa: PLC0415

        loaded = settings.load()
        done = asyncio.run(rollback(loaded, admin_client(loaded), name))
        typer.echo(
            f"epoch {done.epoch} serves the ranking of {_standing(done.ranking)}{_instead(done)}; "
            f"snapshot {done.snapshot}",
            err=True,
        )
        if json_file is not None:
            write_json(json_file, done)


@contextmanager
def _errors() -> Iterator[None]:
    from streams.models import ModelError  # noqa: PLC0415  # keeps `freshet --help` fast

    with one_line_errors(ModelError):
        yield


def _standing(standing: "Standing | None") -> str:
    if standing is None:
        return "no ranking"
    if standing.network is None:
        return f"{standing.steps:,} steps"
    return f"{standing.steps:,} steps, {standing.network:.3f} (blend {standing.blend:.3f})"


def _instead(done: "RolledBack") -> str:
    """Why the fixed blend ranks, where it does."""
    from online.learning.ranking import RAMP_STEPS  # noqa: PLC0415  # keeps `freshet --help` fast

    if done.is_served:
        return ""
    if done.ranking.steps < RAMP_STEPS or done.ranking.network is None:
        return f"; it was not trained enough yet ({RAMP_STEPS} steps), so the fixed blend ranks now"
    return "; the fixed blend ranked better then, so it ranks now"


def _show(snapshots: "list[ModelSnapshot]") -> None:
    from datetime import UTC, datetime  # noqa: PLC0415  # keeps `freshet --help` fast

    from rich.box import SIMPLE  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415

    table = Table(
        Column("snapshot", no_wrap=True), "epoch", "version", "offset", "saved (UTC)", "MB",
        "ranking: mean reciprocal rank of late", box=SIMPLE,
    )  # fmt: skip
    for row in snapshots:
        saved = datetime.fromtimestamp(row.saved_ms / 1000, UTC).isoformat(" ", "seconds")[:19]
        table.add_row(
            row.name, str(row.epoch), str(row.version), f"{row.examples_offset:,}", saved,
            f"{row.size_bytes / 1e6:.1f}", _standing(row.ranking),
        )  # fmt: skip
    console = Console()
    widen(console)
    console.print(table)
