"""Serving the console: where it may listen, with which token, until it is told to end."""

import secrets
import socket
from ipaddress import ip_address
from urllib.parse import quote

import uvicorn
from starlette.types import ASGIApp

from streams.console.access import Gate
from streams.discovery import host_here
from streams.settings import SettingsError

TOKEN_MIN = 16
"""Characters of a token where others than this machine can reach the console."""
END_S = 2
"""Seconds that open streams have to end."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def gate(host: str, port: int, token: str | None, names: list[str]) -> Gate:
    """What is asked of requests; a token is made where none is given, as long as only this machine can ask.

    Raises:
        SettingsError: The token is empty, or others could ask too and it is missing or short.
    """
    is_local = host in LOOPBACK
    if not is_local and len(token or "") < TOKEN_MIN:
        msg = (
            f"--host {host}: others than this machine could reach the console, so give it a --token or --token-file of "
            f"at least {TOKEN_MIN} characters; without, it listens at 127.0.0.1"
        )
        raise SettingsError(msg)
    if token is not None and not token:
        msg = "--token, --token-file: the token is empty; without either, one is made at random"
        raise SettingsError(msg)
    if token is not None and not token.isascii():
        msg = "--token: only ASCII characters can be sent in a header"
        raise SettingsError(msg)
    hosts = {*LOOPBACK, host.lower(), *(name.lower() for name in names)}
    return Gate(
        secrets.token_urlsafe(32) if token is None else token, hosts, _is_any(host), f"freshet-{port}"
    )


def address(host: str, port: int, token: str) -> str:
    """The address that opens the page."""
    return f"http://{host_here(host)}:{port}/?token={quote(token, safe='')}"


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        SettingsError: It cannot: the port is taken, say.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as exc:
        msg = f"--host {host} --port {port}: {exc.strerror or exc}; try another --port"
        raise SettingsError(msg) from None


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serves until SIGINT or SIGTERM. No request is logged: the first one's address has the token in it."""
    config = uvicorn.Config(
        app,
        log_config=None,  # errors are logged as all else is
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=END_S,
    )
    uvicorn.Server(config).run([listener])


def _is_any(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
