"""What a live worker still holds of somebody, or of an item, asked over HTTP: `/audit?user=ID` beside its metrics."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import msgspec

from streams.metrics import Wsgi

ANSWER_S = 10.0
Stores = Mapping[str, Callable[[str], bool]]
"""By name, whether a store holds anything of an id."""


class Held(msgspec.Struct):
    """A worker's answer."""

    role: str
    holds: dict[str, list[str]]
    """By store, those of the ids asked for of which it holds anything."""


class Holders:
    """The stores of one worker that hold anything by user or item.

    Asked from the thread that serves, looked at in the loop.
    """

    def __init__(self) -> None:
        self._role = ""
        self._stores: dict[str, Stores] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, role: str, of_users: Stores, of_items: Stores) -> None:
        """Answers from now on, by these stores; call it in the loop that they belong to."""
        self._role, self._stores = role, {"user": of_users, "item": of_items}
        self._loop = asyncio.get_running_loop()

    def around(self, served: Wsgi) -> Wsgi:
        """What is served anyway, and the answers."""

        def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ.get("PATH_INFO") != "/audit":
                return served(environ, start_response)
            status, answer = self._answer(parse_qs(environ.get("QUERY_STRING", "")))
            head = f"{status.value} {status.phrase}"
            start_response(head, [("Content-Type", "application/json")])
            return [answer]

        return application

    def _answer(self, asked: Mapping[str, list[str]]) -> tuple[HTTPStatus, bytes]:
        if asked.keys() not in ({"user"}, {"item"}):
            return HTTPStatus.BAD_REQUEST, _error("of whom? Ask for /audit?user=ID, or for /audit?item=ID")
        if self._loop is None:
            return HTTPStatus.SERVICE_UNAVAILABLE, _error("the worker is starting: ask again in a moment")
        ((kind, ids),) = asked.items()
        looking = asyncio.run_coroutine_threadsafe(self._look(kind, ids), self._loop)
        try:
            return HTTPStatus.OK, msgspec.json.encode(Held(self._role, looking.result(ANSWER_S)))
        except TimeoutError:
            return HTTPStatus.SERVICE_UNAVAILABLE, _error(f"the worker did not look within {ANSWER_S:g} s")

    async def _look(self, kind: str, ids: list[str]) -> dict[str, list[str]]:
        held: dict[str, list[str]] = {}
        for name, holds in self._stores[kind].items():
            held[name] = [one for one in ids if holds(one)]
            await asyncio.sleep(0)
        return held


def _error(message: str) -> bytes:
    return json.dumps({"error": message}).encode()
