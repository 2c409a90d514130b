"""`freshet why`: what speaks for an item in a user's list, or where it stands."""

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.errors import one_line_errors
from streams.cli.given_id import check_id

if TYPE_CHECKING:
    from streams.asking import Asker
    from streams.events import ListItem

PAGE = 100
LOOKED_AT = 1_000
"""Places that are looked through for an item that is not in the list."""


def why(
    user: Annotated[str, typer.Argument(help="Whose list.")],
    item: Annotated[str, typer.Argument(help="Which item.")],
    wait: Annotated[float, typer.Option("--wait", min=0.01, help="Seconds to wait for each answer.")] = 10.0,
) -> None:
    """Say why an item is in a user's newest list; if it is not, where it would stand now, and what speaks for it.

    The exit code is 1 where the item may not be listed, is not among the first 1,000, or there is an error.
    """
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams import settings  # noqa: PLC0415
    from streams.asking import Asker, read_list, read_titles  # noqa: PLC0415
    from streams.cli.list_table import items_table  # noqa: PLC0415
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415

    with one_line_errors():
        loaded = settings.load()
        called = load_pseudonyms(loaded).all_of(user)
        for name in called:
            check_id("USER", name)
        check_id("ITEM", item)
        newest = next(filter(None, (read_list(loaded, name) for name in called)), None)
        found = next((place for place in newest.items if place.item_id == item), None) if newest else None
        where = "in the user's newest list"
        if found is None:
            asker = Asker(loaded)
            try:
                found = _place(asker, newest.user_id if newest else called[0], item, wait)
            finally:
                asker.close()
            where = "not in the user's newest list" if newest else "the user has no list yet"
            where += "; where it would stand now" if found else ""
        typer.echo(f"{item}: {where}")
        if found is not None:
            Console().print(items_table([found], read_titles(loaded)))
    if found is None:
        typer.echo(
            f"freshet: {item} is not among the first {LOOKED_AT:,}: it is unknown, hidden, not available, blocked by "
            "a rule, or nothing speaks for it",
            err=True,
        )
        raise typer.Exit(1)


def _place(asker: "Asker", user: str, item: str, wait_s: float) -> "ListItem | None":
    """The item's place in the list that the user would get now, page by page; ends the command where there is none."""
    from streams.events import Request  # noqa: PLC0415

    for skip in range(0, LOOKED_AT, PAGE):
        request = Request(f"why-{secrets.token_hex(8)}", user_id=user, k=PAGE, skip=skip)
        response = asker.ask(request, wait_s)
        if response.error is not None:
            typer.echo(f"freshet: {response.error}", err=True)
            raise typer.Exit(1)
        for place in response.items:
            if place.item_id == item:
                return place
        if len(response.items) < PAGE:
            return None
    return None
