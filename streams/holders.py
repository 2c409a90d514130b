"""What a live worker still holds of somebody, asked over HTTP: `/audit?user=ID` beside its metrics."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from streams.metrics import Wsgi

ANSWER_S = 10.0


class Holders:
    """The stores of one worker that hold anything by user. Asked from the thread that serves, looked at in the loop."""

    def __init__(self) -> None:
        self._role = ""
        self._stores: dict[str, Callable[[str], bool]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, role: str, stores: Mapping[str, Callable[[str], bool]]) -> None:
        """Answers from now on, by these stores; call it in the loop that they belong to."""
        self._role, self._stores = role, dict(stores)
        self._loop = asyncio.get_running_loop()

    def around(self, served: Wsgi) -> Wsgi:
        """What is served anyway, and the answers."""

        def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ.get("PATH_INFO") != "/audit":
                return served(environ, start_response)
            status, answer = self._answer(parse_qs(environ.get("QUERY_STRING", "")).get("user", [""])[0])
            head = f"{status.value} {status.phrase}"
            start_response(head, [("Content-Type", "application/json")])
            return [json.dumps(answer).encode()]

        return application

    def _answer(self, user_id: str) -> tuple[HTTPStatus, dict[str, Any]]:
        if not user_id:
            return HTTPStatus.BAD_REQUEST, {"error": "whose? Ask for /audit?user=ID"}
        if self._loop is None:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"error": "the worker is starting: ask again in a moment"}
        asked = asyncio.run_coroutine_threadsafe(self._look(user_id), self._loop)
        try:
            return HTTPStatus.OK, {"role": self._role, "holds": asked.result(ANSWER_S)}
        except TimeoutError:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"error": f"the worker did not look within {ANSWER_S:g} s"}

    async def _look(self, user_id: str) -> dict[str, bool]:
        return {name: holds(user_id) for name, holds in self._stores.items()}
