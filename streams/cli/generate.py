"""`freshet generate`: a made-up world with media, users whose tastes the media carry, and the truth about both."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from streams.cli.errors import EXIT_CONFIGURATION, one_line_errors

if TYPE_CHECKING:
    from rich.progress import Progress

    from encoders.modalities import Modality
    from streams.generated.recipe import Recipe
    from streams.generated.write import Event

PLACES = "location"


def generate(  # noqa: PLR0913, PLR0917  # one parameter an option: that is how typer reads them
    folder: Annotated[Path, typer.Argument(help="Where to; empty, or not there yet.")],
    items: Annotated[int, typer.Option(help="Items.")] = 400,
    users: Annotated[int, typer.Option(help="Users, some far more active than others.")] = 200,
    events: Annotated[int, typer.Option(help="Interactions, within 30 days.")] = 20_000,
    modalities: Annotated[
        str, typer.Option(help="What items have: some of text,image,audio,video.")
    ] = "text,image,audio,video",
    shares: Annotated[
        str | None,
        typer.Option(
            help="How much of a user's taste each modality carries: 2,1,1,0; default: all the same."
        ),
    ] = None,
    noise: Annotated[
        float, typer.Option(help="Share of choices made at random, and how much media are spoilt.")
    ] = 0.1,
    missing: Annotated[
        float, typer.Option(help="Chance that an item lacks a modality; one always stays.")
    ] = 0.0,
    cold: Annotated[
        float, typer.Option(help="Share of items that come in the last part of the stream.")
    ] = 0.0,
    drift: Annotated[
        Literal["none", "abrupt", "gradual", "recurring"], typer.Option(help="How tastes change.")
    ] = "none",
    places: Annotated[
        bool, typer.Option("--places", help="Items have a place too; its share is the last of --shares.")
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed and options make the same files.")] = 0,
    inline: Annotated[
        bool,
        typer.Option("--inline/--files", help="Media inside the events, or as files in FOLDER/media."),
    ] = True,
) -> None:
    """Make a world to try the system with: media events, interactions, and the truth behind them.

    In FOLDER: media.jsonl and interactions.jsonl for `freshet produce`, items.csv (--text title,text) and
    interactions.csv for `freshet evaluate`, and truth.json: what each item is, and what each user likes when.
    """
    with one_line_errors():
        from streams.generated.recipe import Recipe, RecipeError  # noqa: PLC0415  # keeps `freshet --help` fast

        try:
            names = [*_words(modalities), *([PLACES] if places else [])]
            recipe = Recipe(
                items=items,
                users=users,
                events=events,
                modalities=cast("tuple[Modality, ...]", tuple(names)),
                shares=_numbers(shares, len(names)),
                noise=noise,
                missing=missing,
                cold=cold,
                drift=drift,
                seed=seed,
            )
        except RecipeError as exc:
            typer.echo(f"freshet: --{exc}", err=True)
            raise typer.Exit(EXIT_CONFIGURATION) from None
        _write(folder, recipe, files=not inline)


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def _numbers(text: str | None, count: int) -> tuple[float, ...]:
    from streams.generated.recipe import RecipeError  # noqa: PLC0415  # as above

    if text is None:
        return (1.0,) * count
    try:
        return tuple(float(word) for word in _words(text))
    except ValueError:
        msg = f"shares: expected numbers such as 1,1,2, got {text!r}"
        raise RecipeError(msg) from None


def _write(folder: Path, recipe: "Recipe", *, files: bool) -> None:
    from streams.cli.progress import Bars  # noqa: PLC0415  # as above
    from streams.generated.write import MEDIA_FOLDER, write_world  # noqa: PLC0415

    started_s = time.monotonic()
    with Bars() as progress:
        write_world(folder, recipe, _Tracker(progress), files=files)
    typer.echo(
        f"{folder}: {recipe.items:,} items and {recipe.events:,} interactions of {recipe.users:,} users "
        f"in {time.monotonic() - started_s:.1f} s",
        err=True,
    )
    if files:
        typer.echo(f"encode workers need FRESHET_MEDIA_FOLDER={(folder / MEDIA_FOLDER).absolute()}", err=True)


class _Tracker:
    """Shows how many events of each kind have gone by."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress

    def __call__(self, events: "Iterable[Event]", count: int, kind: str) -> "Iterable[Event]":
        return self._progress.track(events, total=count, description=kind)
