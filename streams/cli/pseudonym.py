"""`freshet pseudonym`: what somebody is called where ids are pseudonyms."""

from typing import Annotated

import typer

from streams.cli.errors import one_line_errors


def pseudonym(
    users: Annotated[list[str], typer.Argument(metavar="USER…", help="Whose; one line each.")],
    every: Annotated[bool, typer.Option("--all", help="Under every key, the newest first.")] = False,
) -> None:
    """Print users' pseudonyms, as FRESHET_PSEUDONYM_KEY_FILE or _COMMAND makes them.

    The first eight digits name the key. Other verbs make pseudonyms by themselves: give those the user's own id.
    """
    from streams import settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.pseudonyms import load_pseudonyms  # noqa: PLC0415

    with one_line_errors():
        names = load_pseudonyms(settings.load())
        if not names.are_made:
            msg = "there is no key to make pseudonyms with: set FRESHET_PSEUDONYM_KEY_FILE or _COMMAND"
            raise settings.SettingsError(msg)
        for user in users:
            typer.echo(" ".join(names.all_of(user)) if every else names.of(user))
