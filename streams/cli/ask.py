"""`freshet ask`: a list for a user or a session, items like an item, by text, picture or sound, what is trending."""

import base64
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.errors import EXIT_CONFIGURATION, one_line_errors
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from streams.events import Request, Response
    from streams.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Ask the workers. The exit code is 1 where nothing is found or there is an error, 3 without an answer.",
)

Count = Annotated[
    int | None, typer.Option("--k", help="Items wanted, 1 to 100; default: FRESHET_LIST_LENGTH.")
]
Skip = Annotated[int, typer.Option(help="Places left out at the top: the next page.")]
Category = Annotated[str | None, typer.Option(help="Only items of this category.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Only items with this tag; may be repeated.")]
MaxPrice = Annotated[float | None, typer.Option(help="Only items up to this price.")]
NearPlace = Annotated[
    str | None,
    typer.Option("--near", metavar="LAT,LON,KM", help="Only items so near a place, in degrees and km."),
]
New = Annotated[bool, typer.Option("--new", help="Only items that fewer than five had.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", help="An item left out; may be repeated.")]
User = Annotated[str | None, typer.Option("--user", help="What this user hid is left out.")]
Wait = Annotated[
    float, typer.Option("--wait", min=0.01, help="Seconds after which no answer is wanted any more.")
]


@app.command()
def recommend(  # noqa: PLR0913, PLR0917  # the options of a command line
    user: Annotated[str | None, typer.Option("--user", help="For whom; default: somebody unknown.")] = None,
    recent: Annotated[
        list[str] | None, typer.Option("--recent", help="What a session had, the last last; may be repeated.")
    ] = None,
    k: Count = None,
    skip: Skip = 0,
    category: Category = None,
    tag: Tags = None,
    max_price: MaxPrice = None,
    near: NearPlace = None,
    new: New = False,
    exclude: Exclude = None,
    wait: Wait = 10.0,
    json_file: JsonFile = None,
) -> None:
    """The list for a user, or for a session by what it had."""
    fields = {"kind": "recommend", "user_id": user, "recent_item_ids": recent}
    _ask(fields | _common(k, skip, exclude) | _filter(category, tag, max_price, near, new), wait, json_file)


@app.command()
def similar(  # noqa: PLR0913, PLR0917  # the options of a command line
    item: Annotated[str, typer.Argument(help="To which item.")],
    modality: Annotated[
        str | None, typer.Option(help="By text, image, audio, video or location alone; default: by all.")
    ] = None,
    user: User = None,
    k: Count = None,
    skip: Skip = 0,
    category: Category = None,
    tag: Tags = None,
    max_price: MaxPrice = None,
    near: NearPlace = None,
    new: New = False,
    exclude: Exclude = None,
    wait: Wait = 10.0,
    json_file: JsonFile = None,
) -> None:
    """The items most like an item."""
    fields = {"kind": "similar", "item_id": item, "modality": modality, "user_id": user}
    _ask(fields | _common(k, skip, exclude) | _filter(category, tag, max_price, near, new), wait, json_file)


@app.command()
def search(  # noqa: PLR0913, PLR0917  # the options of a command line
    text: Annotated[str | None, typer.Argument(help="What is looked for, in words.")] = None,
    image: Annotated[str | None, typer.Option(metavar="FILE|URL", help="A picture instead.")] = None,
    audio: Annotated[str | None, typer.Option(metavar="FILE|URL", help="A sound instead.")] = None,
    user: User = None,
    k: Count = None,
    skip: Skip = 0,
    category: Category = None,
    tag: Tags = None,
    max_price: MaxPrice = None,
    near: NearPlace = None,
    new: New = False,
    exclude: Exclude = None,
    wait: Wait = 10.0,
    json_file: JsonFile = None,
) -> None:
    """The items nearest to a text, a picture or a sound."""
    with one_line_errors():
        query = {"text": text, "image": _medium(image), "audio": _medium(audio)}
    fields = {"kind": "search", "query": {n: v for n, v in query.items() if v is not None}, "user_id": user}
    _ask(fields | _common(k, skip, exclude) | _filter(category, tag, max_price, near, new), wait, json_file)


@app.command()
def trending(  # noqa: PLR0913, PLR0917  # the options of a command line
    window: Annotated[str, typer.Option(help="day, week or ever: how long what was had counts.")] = "week",
    user: Annotated[
        str | None, typer.Option("--user", help="What this user may not be shown is left out.")
    ] = None,
    k: Count = None,
    skip: Skip = 0,
    category: Category = None,
    tag: Tags = None,
    max_price: MaxPrice = None,
    near: NearPlace = None,
    new: New = False,
    exclude: Exclude = None,
    wait: Wait = 10.0,
    json_file: JsonFile = None,
) -> None:
    """What is had most of late, in a category or near a place if wanted."""
    fields = {"kind": "trending", "window": window, "user_id": user}
    _ask(fields | _common(k, skip, exclude) | _filter(category, tag, max_price, near, new), wait, json_file)


def _common(k: int | None, skip: int, exclude: list[str] | None) -> dict[str, Any]:
    return {"k": k, "skip": skip, "exclude": exclude or []}


def _filter(
    category: str | None, tags: list[str] | None, max_price: float | None, near: str | None, new: bool
) -> dict[str, Any]:
    place = None
    if near is not None:
        try:
            place = dict(zip(("lat", "lon", "km"), map(float, near.split(",")), strict=True))
        except ValueError:
            typer.echo(f"freshet: --near {near}: expected LAT,LON,KM, as 48.14,11.58,50", err=True)
            raise typer.Exit(EXIT_CONFIGURATION) from None
    given = {"category": category, "tags": tags, "max_price": max_price, "near": place, "new": new or None}
    found = {name: value for name, value in given.items() if value is not None}
    return {"filter": found} if found else {}


def _medium(given: str | None) -> dict[str, str] | None:
    if given is None:
        return None
    if "://" in given:
        return {"url": given}
    return {"data": base64.b64encode(Path(given).read_bytes()).decode()}


def _ask(fields: dict[str, Any], wait_s: float, json_file: str | None) -> None:
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.asking import Asker  # noqa: PLC0415
    from streams.clock import now_ms  # noqa: PLC0415
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        if (user := fields.get("user_id")) is not None:
            fields["user_id"] = load_pseudonyms(loaded).of(user)
        request = _request(fields | {"deadline_ms": now_ms() + int(wait_s * 1000)})
        asker = Asker(loaded)
        try:
            response = asker.ask(request, wait_s)
        finally:
            asker.close()
        if json_file is not None:
            write_json(json_file, response)
        if json_file != "-":
            _show(loaded, response)
    if response.error is not None:
        typer.echo(f"freshet: {response.error}", err=True)
    if response.error is not None or not response.items:
        raise typer.Exit(1)


def _request(fields: dict[str, Any]) -> "Request":
    import msgspec  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams.events import Request  # noqa: PLC0415

    try:
        return msgspec.convert({"request_id": f"ask-{secrets.token_hex(8)}", **fields}, Request)
    except msgspec.ValidationError as exc:
        typer.echo(f"freshet: {exc}", err=True)
        raise typer.Exit(EXIT_CONFIGURATION) from None


def _show(loaded: "Settings", response: "Response") -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams.asking import read_titles  # noqa: PLC0415
    from streams.cli.list_table import items_table  # noqa: PLC0415

    if response.items:
        Console().print(items_table(response.items, read_titles(loaded)))
    elif response.error is None:
        typer.echo("freshet: nothing found", err=True)
