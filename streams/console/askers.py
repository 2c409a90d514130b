"""Asking the workers for those who ask the console: a few connections, each used by one at a time."""

import asyncio
import secrets
import time
from http import HTTPStatus
from typing import Any

from streams.asking import Asker
from streams.clock import now_ms
from streams.console.asked import Found, Page
from streams.console.items import Briefs
from streams.console.problems import ApiError
from streams.console.reading import converted
from streams.events import Request, Response
from streams.pseudonyms import Pseudonyms
from streams.settings import Settings

ASKERS = 4
WAIT_S = 10.0
"""After that no answer is wanted any more."""


class Askers:
    """At most ASKERS at once; others wait for their turn."""

    def __init__(self, settings: Settings, names: Pseudonyms, briefs: Briefs) -> None:
        self._settings = settings
        self._names = names
        self._briefs = briefs
        self._turns = asyncio.Semaphore(ASKERS)
        self._idle: list[Asker] = []

    def connect(self) -> None:
        """Connects one beforehand, so that the first who asks does not wait for it.

        Raises:
            KafkaException: Kafka does not answer.
        """
        self._idle.append(Asker(self._settings))

    async def found(self, page: Page, fields: dict[str, Any], where: str) -> Found:
        """What the workers find.

        Args:
            page: Which part of it, and for whom.
            fields: The kind of request and what it needs.
            where: The path that is asked.

        Raises:
            ApiError: They say why there is no answer.
            NoAnswerError: They do not answer in time.
        """
        user_id = None if page.user_id is None else self._names.of(page.user_id)
        given = {"k": page.k, "skip": page.skip, "user_id": user_id, "filter": _filter(page)}
        request_id, deadline_ms = f"console-{secrets.token_hex(8)}", now_ms() + int(WAIT_S * 1000)
        started_s = time.perf_counter()
        request = converted(
            {"request_id": request_id, "deadline_ms": deadline_ms, **given, **fields}, Request, where
        )
        response = await self.ask(request)
        took_ms = int((time.perf_counter() - started_s) * 1000)
        if response.error is not None:
            raise _refused(response.error, where)
        briefs = self._briefs.of(place.item_id for place in response.items)
        return Found(response.items, briefs, response.model_version, took_ms)

    async def ask(self, request: Request) -> Response:
        """The response to one request.

        Raises:
            NoAnswerError: There was none in time.
        """
        async with self._turns:
            asker = self._idle.pop() if self._idle else await asyncio.to_thread(Asker, self._settings)
            try:
                return await asyncio.to_thread(asker.ask, request, WAIT_S)
            finally:
                self._idle.append(asker)

    def close(self) -> None:
        """Stops."""
        for asker in self._idle:
            asker.close()


def _filter(page: Page) -> dict[str, Any] | None:
    given = {
        "category": page.category,
        "tags": page.tag or None,
        "max_price": page.max_price,
        "new": page.new or None,
    }
    return {name: value for name, value in given.items() if value is not None} or None


def _refused(error: str, where: str) -> ApiError:
    """A response's error by its words, as `streams/answers.py` has them."""
    if error.startswith("too late"):
        return ApiError(HTTPStatus.GATEWAY_TIMEOUT, error, where, "see `freshet status`, then ask again")
    if error.startswith("internal"):
        return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, error, where, "see the workers' log")
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, error, where, "ask for something else")
