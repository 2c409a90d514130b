"""A host that answers slowly, or never, beside one that answers at once: a real server, real fetches."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from streams.encoding.embedder import Embedder
from streams.encoding.files import FileEncoding
from streams.encoding.rows import RowMaker
from streams.encoding.spaces import Space, Spaces
from streams.events import ItemDocument, Medium
from tests.streams.encoding.fakes import FakeSound
from tests.streams.encoding.test_backlog import IMAGE, Yard, until
from tests.streams.fetching.server import PICTURE, Answer, Server, World, reply, serving

SOUND = Space(FakeSound())
SPACES: Spaces = {"image": IMAGE, "audio": SOUND}
SLOW, FAST = "slow.example", "fast.example"


class Street:
    """Two hosts; what one is asked for lies at `/slow…` and is sent when `answers` is set."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()

    async def slow(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(PICTURE))
        await self.answers.wait()
        writer.write(PICTURE)
        await writer.drain()


def play(story: Callable[[Street, Server, Yard], Awaitable[None]], **settings: float) -> None:
    """Plays it with a backlog of which at most eight items are in work."""

    async def whole() -> None:
        street = Street()
        answers: dict[str, list[Answer]] = {f"/slow{n}": [street.slow] for n in range(40)}
        answers |= {f"/fast{n}": [reply()] for n in range(40)}
        async with serving(answers) as server, _open_yard(**settings) as yard, asyncio.timeout(20):
            await story(street, server, yard)

    asyncio.run(whole())


@asynccontextmanager
async def _open_yard(**settings: float) -> AsyncIterator[Yard]:
    yard = Yard(files_at_once=8, **settings)
    fetcher = World(names={SLOW: ["127.0.0.1"], FAST: ["127.0.0.1"]}).fetcher(fetch_timeout_s=60)
    yard.backlog._files = FileEncoding(SPACES, fetcher, Embedder(SPACES, 4))
    yard.backlog._maker = yard.maker = RowMaker(SPACES)
    running = asyncio.create_task(yard.backlog.run())
    try:
        yield yard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await fetcher.aclose()


def put(yard: Yard, server: Server, host: str, name: str, count: int) -> list[str]:
    """New items, each with a picture of its own."""
    names = [f"{name}{n}" for n in range(count)]
    for item_id in names:
        yard.put(ItemDocument(item_id, image=Medium(url=server.url(f"/{item_id}", host))))
        yard.backlog.add(item_id, 0)
    return names


def test_items_of_a_fast_host_are_done_while_those_of_a_slow_one_wait() -> None:
    async def story(street: Street, server: Server, yard: Yard) -> None:
        slow = put(yard, server, SLOW, "slow", 40)
        fast = put(yard, server, FAST, "fast", 40)
        await until(lambda: sorted(yard.published) == sorted(fast))
        street.answers.set()
        await until(lambda: sorted(yard.published) == sorted(slow + fast))
        assert all(yard.store.embedded(item_id)["image"].vector for item_id in slow + fast)

    play(story)


def test_media_are_read_on_however_many_items_wait_for_a_slow_host() -> None:
    async def story(_: Street, server: Server, yard: Yard) -> None:
        put(yard, server, SLOW, "slow", 40)
        await yard.backlog.room()
        assert yard.published == []

    play(story, files_waiting=4)


def test_an_item_gets_what_a_fast_host_has_of_it_before_a_slow_one_has_answered() -> None:
    async def story(street: Street, server: Server, yard: Yard) -> None:
        sound, picture = Medium(url=server.url("/slow0", SLOW)), Medium(url=server.url("/fast0", FAST))
        yard.put(ItemDocument("item", image=picture, audio=sound))
        yard.backlog.add("item", 0)
        await until(lambda: yard.published == ["item"])
        assert yard.store.embedded("item").keys() == {"image"}
        street.answers.set()
        await until(lambda: yard.published == ["item", "item"])
        assert yard.store.embedded("item").keys() == {"image", "audio"}

    play(story)


def test_a_host_that_fails_is_asked_for_the_next() -> None:
    async def story(_: Street, server: Server, yard: Yard) -> None:
        server.answers |= {f"/gone{n}": [reply(b"", "404 Gone")] for n in range(40)}
        gone = put(yard, server, FAST, "gone", 40)
        await until(lambda: sorted(yard.published) == sorted(gone))

    play(story)
