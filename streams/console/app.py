"""The console as one ASGI application: endpoints, the page's files, and who may ask."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from confluent_kafka.admin import AdminClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from streams.console.access import Access, Gate
from streams.console.acting import InteractionEndpoints
from streams.console.askers import Askers
from streams.console.catalogue import ItemEndpoints
from streams.console.openapi import document
from streams.console.operations import Operation, operations
from streams.console.pictures import Pictures
from streams.console.places import Newest, RecordReader
from streams.console.problems import HANDLED, answer_problem
from streams.console.reading import json_response
from streams.console.river import COMPACTED, FOLLOWED, River
from streams.console.users import UserEndpoints
from streams.console.watching import WatchEndpoints
from streams.fetching.fetch import Fetcher
from streams.pseudonyms import load_pseudonyms
from streams.settings import Settings
from streams.topics import partition_count

logger = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"


def connected(admin: AdminClient, settings: Settings, gate: Gate) -> ASGIApp:
    """The application for a cluster; it follows the river while it serves.

    Raises:
        TopicsError: A topic is missing.
        SettingsError: The keys of pseudonyms cannot be read.
    """
    partitions = {base: partition_count(admin, settings, base) for base in FOLLOWED}
    readers = {base: RecordReader(settings, base) for base in COMPACTED}
    river = River(
        admin, settings, partitions, {base: Newest(reader.read) for base, reader in readers.items()}
    )
    names = load_pseudonyms(settings)
    askers, fetcher = Askers(settings, names, river.briefs), Fetcher(settings)
    acting = InteractionEndpoints(settings, names, partitions["interactions"])
    table = operations(
        WatchEndpoints(river),
        UserEndpoints(river, names),
        ItemEndpoints(river, askers, Pictures(fetcher)),
        acting,
    )

    @asynccontextmanager
    async def following(_app: Starlette) -> AsyncIterator[None]:
        for connect in (acting.connect, askers.connect, *(reader.connect for reader in readers.values())):
            await asyncio.to_thread(connect)
        task = asyncio.create_task(river.follow())
        task.add_done_callback(_tell)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            askers.close()
            await fetcher.aclose()
            for reader in readers.values():
                reader.close()

    return application(table, gate, following)


def application(
    table: Sequence[Operation], gate: Gate, lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]]
) -> ASGIApp:
    """The application of a table of operations."""
    described = document(table)

    async def openapi(_request: Request) -> Response:
        return json_response(described)

    routes: list[BaseRoute] = [
        Route("/", _page),
        Route("/openapi.json", openapi),
        Mount("/static", StaticFiles(directory=STATIC)),
        *(Route(_routed(o.path), o.endpoint, methods=[o.method]) for o in table),
    ]
    answering = Starlette(
        routes=routes, lifespan=lifespan, exception_handlers=dict.fromkeys(HANDLED, answer_problem)
    )
    # Around everything, not among Starlette's own middleware: what it answers to a failure has to pass here too.
    return Access(answering, gate)


async def _page(_request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})


def _routed(path: str) -> str:
    """A path as Starlette has it: ids may contain slashes."""
    return path.replace("}", ":path}")


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("the river is followed no more; start the console again", exc_info=error)
