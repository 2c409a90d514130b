"""Who may ask: whoever knows the token, by a name that is ours, and from our own pages where anything changes."""

import hmac
from collections.abc import Set
from http import HTTPStatus
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.console.problems import Problem, problem_response

OPEN_PATH = "/health"
"""Needs no token, so that who restarts the console need not know it."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Gate(NamedTuple):
    """What is asked of a request."""

    token: str
    hosts: Set[str]
    """Names that a request may be addressed to, in small letters: others are a stranger's, led here by DNS."""
    any_address: bool
    """Whether it may be addressed to any IP address."""
    cookie: str
    """The name of the cookie that holds the token."""


class Access:
    """ASGI middleware: lets requests through that may ask, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers what may not pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", "no-cache")
            await send(message)

        refused = self._refusal(Request(scope))
        await (refused or self._app)(scope, receive, with_headers)

    def _refusal(self, request: Request) -> Response | None:
        """What is answered instead; None if the request may pass."""
        if not self._is_ours(request.headers.get("host", "")):
            what = "this name is not the console's"
            attempt = "use the address that `freshet console` printed, or start it with --name"
            return problem_response(HTTPStatus.MISDIRECTED_REQUEST, Problem(what, "header Host", attempt))
        if request.url.path == OPEN_PATH:
            return None
        if request.method == "GET" and request.url.path == "/" and "token" in request.query_params:
            return self._exchanged(request.query_params["token"])
        by_cookie = self._is_token(request.cookies.get(self._gate.cookie, ""))
        if not (by_cookie or self._is_token(_bearer(request))):
            return _unknown()
        if request.method not in SAFE and not _is_own_page(request, by_cookie):
            what = "this would change something, and does not come from a page of the console"
            attempt = "send the token as `Authorization: Bearer …`, without a cookie or an Origin"
            return problem_response(HTTPStatus.FORBIDDEN, Problem(what, "header Origin", attempt))
        return None

    def _is_ours(self, host: str) -> bool:
        name = _name(host)
        return name in self._gate.hosts or (self._gate.any_address and _is_address(name))

    def _exchanged(self, token: str) -> Response:
        """The page's address without the token, which goes into a cookie: it is to be in no history and no log."""
        if not self._is_token(token):
            return _unknown()
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
        response.set_cookie(self._gate.cookie, self._gate.token, httponly=True, samesite="strict")
        return response

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._gate.token.encode())


def _unknown() -> Response:
    attempt = "open the address that `freshet console` printed, or send `Authorization: Bearer TOKEN`"
    response = problem_response(
        HTTPStatus.UNAUTHORIZED, Problem("the token is missing or wrong", "token", attempt)
    )
    response.headers["www-authenticate"] = "Bearer"
    return response


def _bearer(request: Request) -> str:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def _is_own_page(request: Request, by_cookie: bool) -> bool:
    """Whether a page of ours asks; or a program, which has no cookie that somebody else's page could use."""
    origin = request.headers.get("origin")
    if origin is None:
        return not by_cookie
    return urlsplit(origin).netloc == request.headers.get("host")


def _name(host: str) -> str:
    """The name or address of a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
