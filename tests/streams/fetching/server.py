"""A server on this machine that answers as a test tells it to, however wrong that is."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

import httpcore

from streams.events import Medium
from streams.fetching.addresses import Address
from streams.fetching.errors import MediumError
from streams.fetching.fetch import Fetcher, Outside
from streams.settings import Settings

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))

Misbehaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
Answer = bytes | Misbehaviour


def reply(body: bytes = PICTURE, status: str = "200 OK", **headers: str) -> bytes:
    """A well-formed response; an underscore in a header's name stands for a dash."""
    given = {"Content_Length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return reply(b"", status, Location=location)


@dataclass
class Server:
    answers: dict[str, list[Answer]]
    """By path; the last of several is repeated."""
    port: int = 0
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and headers of each request, names in lower case."""
    busy_count: int = 0
    busiest_count: int = 0

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) and await self._answer(head.decode(), writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> bool:
        first, *lines = head.splitlines()
        path = first.split(" ")[1]
        pairs = (line.partition(":")[::2] for line in lines if line)
        self.requests.append((path, {name.lower(): value.strip() for name, value in pairs}))
        queue = self.answers[path]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        self.busy_count += 1
        self.busiest_count = max(self.busiest_count, self.busy_count)
        try:
            if not isinstance(answer, bytes):
                await answer(writer)
                return False
            writer.write(answer)
            await writer.drain()
            return True
        finally:
            self.busy_count -= 1


@asynccontextmanager
async def serving(
    answers: dict[str, list[Answer]], tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    server = Server(answers)
    running: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(server.serve(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    listener = await asyncio.start_server(accept, address, 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@dataclass
class World:
    """A fetcher's surroundings: names as given, no real pause."""

    names: dict[str, list[str]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    connect: httpcore.AsyncNetworkBackend | None = None
    pauses_s: list[float] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    async def resolve(self, host: str, port: int) -> list[Address]:
        self.looked_up.append(host)
        return [ip_address(text) for text in self.names.get(host, [host])]

    async def sleep(self, seconds: float) -> None:
        self.pauses_s.append(seconds)

    def fetcher(self, **settings: object) -> Fetcher:
        given = {"fetch_allowed_networks": "127.0.0.1/32", "fetch_timeout_s": 5.0, **settings}
        outside = Outside(
            self.resolve,
            self.connect,
            self.tls,
            sleep=self.sleep,
            wall_s=lambda: 1_000_000.0,
            chance=lambda: 0.0,
        )
        return Fetcher(Settings.model_validate(given), outside)


async def fetched(url: str, world: World | None = None, **settings: object) -> bytes:
    """What a fetcher of its own makes of a URL."""
    fetcher = (World() if world is None else world).fetcher(**settings)
    try:
        return await fetcher.fetch(Medium(url=url))
    finally:
        await fetcher.aclose()


async def refused(url: str, world: World | None = None, **settings: object) -> MediumError:
    """Why a fetcher of its own refuses a URL."""
    try:
        got = await fetched(url, world, **settings)
    except MediumError as error:
        return error
    msg = f"{url} was fetched: {got[:40]!r}"
    raise AssertionError(msg)
