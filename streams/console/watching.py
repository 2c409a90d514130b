"""How the river runs: at this moment, every second, and over time."""

import asyncio
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from streams.console.asked import Health
from streams.console.reading import json_response
from streams.console.river import River

EVERY_S = 1.0


class WatchEndpoints:
    """Answers about the river as a whole."""

    def __init__(self, river: River) -> None:
        self._river = river

    async def health(self, _request: Request) -> Response:
        """Whether the console can answer."""
        state = self._river.state
        response = json_response(Health(state))
        response.status_code = HTTPStatus.OK if state == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
        return response

    async def status(self, _request: Request) -> Response:
        """Rates, latency, lag, and what the learner says."""
        return json_response(self._river.now(time.monotonic()))

    async def stream(self, _request: Request) -> Response:
        """The same every second."""
        return EventSourceResponse(self._moments())

    async def quality(self, _request: Request) -> Response:
        """How good lists were over time."""
        return json_response(self._river.learner.quality())

    async def _moments(self) -> AsyncIterator[ServerSentEvent]:
        while True:
            now = self._river.now(time.monotonic())
            yield ServerSentEvent(event="now", data=msgspec.json.encode(now).decode())
            await asyncio.sleep(EVERY_S)
