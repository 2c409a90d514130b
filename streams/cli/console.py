"""`freshet console`: a page to watch the river by and to try it, and a read API without Kafka."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.errors import one_line_errors


def console(
    host: Annotated[
        str, typer.Option(help="Address to listen at; another than loopback needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 8642,
    token: Annotated[str | None, typer.Option(help="Who knows it may ask; default: made at random.")] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="Read the token from here, so that no list of processes shows it.")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Another name that the console is called by; may be repeated."),
    ] = None,
) -> None:
    """Serve the console and the read API (/openapi.json) until Ctrl-C."""
    from streams import logs, settings  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams.console.app import connected  # noqa: PLC0415
    from streams.console.serve import address, gate, listening, serve  # noqa: PLC0415
    from streams.kafka import admin_client  # noqa: PLC0415
    from streams.topics import ensure  # noqa: PLC0415

    with one_line_errors():
        if token_file is not None:
            token = _token_in(token_file, token)
        asked = gate(host, port, token, name or [])
        loaded = settings.load()
        logs.set_up(loaded)
        admin = admin_client(loaded)
        ensure(admin, loaded)
        app = connected(admin, loaded, asked)
        listener = listening(host, port)
        if token_file is None:
            typer.echo(f"The console: {address(host, port, asked.token)}")
        else:
            typer.echo(f"The console: {address(host, port, '')} and the token in {token_file}")
        serve(app, listener)


def _token_in(file: Path, other: str | None) -> str:
    from streams.settings import SettingsError  # noqa: PLC0415  # keeps `freshet --help` fast

    if other is not None:
        msg = "give --token or --token-file, not both"
        raise SettingsError(msg)
    try:
        return file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        msg = f"--token-file {file}: is no text in UTF-8"
        raise SettingsError(msg) from None
