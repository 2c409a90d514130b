import asyncio
import base64
from pathlib import Path
from typing import Any

import httpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events import Medium
from streams.fetching.addresses import Address
from streams.fetching.errors import MediumError
from streams.fetching.fetch import Fetcher
from streams.fetching.silence import PATIENCE_COUNT
from streams.settings import Settings
from tests.streams.fetching.misbehaviours import drop_at_once, silent
from tests.streams.fetching.server import PICTURE, Answer, Server, World, fetched, refused, reply, serving

INLINE = base64.b64encode(PICTURE).decode()
FAILURE = reply(b"", "500 Oops")


def fetch(medium: Medium, **given: object) -> bytes:
    return asyncio.run(World().fetcher(**given).fetch(medium))


def test_inline_data_needs_no_url_and_is_preferred() -> None:
    assert fetch(Medium(data=INLINE)) == PICTURE
    assert fetch(Medium(url="https://shop.example/", data=INLINE)) == PICTURE
    assert fetch(Medium(url=f"data:image/png;base64,{INLINE}")) == PICTURE


@pytest.mark.parametrize("medium", [Medium(), Medium(url=None, data=None), Medium(format="png")])
def test_a_medium_without_either_is_refused(medium: Medium) -> None:
    with pytest.raises(MediumError, match="neither a url nor data"):
        fetch(medium)


def test_a_file_below_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    medium = Medium(url=(tmp_path / "a.png").as_uri())
    assert fetch(medium, media_folder=tmp_path) == PICTURE
    with pytest.raises(MediumError, match="names no folder") as raised:
        fetch(medium)
    assert raised.value.kind == "file"


@given(
    st.text(max_size=60)
    | st.text(max_size=30).map("http://".__add__)
    | st.text(max_size=30).map("file:".__add__)
)
@settings(deadline=None, max_examples=50)
def test_any_url_is_a_file_or_a_reason(url: str) -> None:
    class Nowhere(World):
        async def resolve(self, host: str, port: int) -> list[Address]:
            msg = f"{host} has no address"
            raise MediumError(msg, "connection")

    with pytest.raises(MediumError) as raised:
        asyncio.run(Nowhere().fetcher(media_folder="/nonexistent").fetch(Medium(url=url)))
    assert raised.value.kind != "internal"


def test_what_nobody_thought_of_is_a_reason_too(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(World):
        async def resolve(self, host: str, port: int) -> list[Address]:
            raise KeyError(host)

    error = asyncio.run(refused("http://shop.example/", Broken()))
    assert (error.kind, error.transient) == ("internal", False)
    assert error.reason == "internal: KeyError: 'shop.example'"
    assert "a medium could not be fetched" in caplog.text


def attempt(answers: list[Answer], **given: object) -> tuple[bytes | MediumError, Server, list[float]]:
    """What comes of it, who was asked, and the pauses in between."""

    async def run() -> tuple[bytes | MediumError, Server, list[float]]:
        world = World()
        async with serving({"/": answers}) as server:
            try:
                return await fetched(server.url("/"), world, **given), server, world.pauses_s
            except MediumError as error:
                return error, server, world.pauses_s

    return asyncio.run(run())


def test_what_passes_is_tried_again() -> None:
    got, server, pauses_s = attempt([FAILURE, FAILURE, reply()])
    assert got == PICTURE
    assert len(server.paths) == 3
    assert pauses_s == [0.25, 0.5]


def test_a_broken_transfer_is_tried_again() -> None:
    async def drop(writer: asyncio.StreamWriter) -> None:
        writer.write(reply()[:-10])
        await writer.drain()

    got, server, _ = attempt([drop, reply()])
    assert got == PICTURE
    assert len(server.paths) == 2


def test_after_the_last_attempt_the_reason_says_how_many() -> None:
    got, server, pauses_s = attempt([FAILURE])
    assert isinstance(got, MediumError)
    assert got.reason == "127.0.0.1 answered 500 (the last of 3 attempts)"
    assert (got.kind, got.transient) == ("status", True)
    assert len(server.paths) == 3
    assert len(pauses_s) == 2


def test_what_is_final_is_not_tried_again() -> None:
    got, server, pauses_s = attempt([reply(b"", "404 Not Found")])
    assert isinstance(got, MediumError)
    assert got.reason == "127.0.0.1 answered 404"
    assert len(server.paths) == 1
    assert pauses_s == []


def test_retry_after_is_heeded_if_there_is_time() -> None:
    busy = reply(b"", "503 Busy", Retry_After="3")
    assert attempt([busy, reply()], fetch_timeout_s=5.0)[2] == [3.0]
    got, server, pauses_s = attempt([busy, reply()], fetch_timeout_s=2.0)
    assert isinstance(got, MediumError)
    assert (len(server.paths), pauses_s, got.retry_after_s) == (1, [], 3.0)
    dated = reply(b"", "429 Busy", Retry_After="Mon, 12 Jan 1970 13:46:44 GMT")
    assert attempt([dated, reply()])[2] == [4.0]


def test_a_retry_after_of_an_hour_is_not_waited_for() -> None:
    got, server, _ = attempt([reply(b"", "503 Busy", Retry_After="3600")], fetch_timeout_s=3600)
    assert isinstance(got, MediumError)
    assert (len(server.paths), got.transient, got.retry_after_s) == (1, True, 3600.0)


def test_pauses_count_towards_the_time() -> None:
    got, server, pauses_s = attempt([FAILURE], fetch_timeout_s=0.6, fetch_attempts=10)
    assert isinstance(got, MediumError)
    assert pauses_s == [0.25]
    assert len(server.paths) == 2


async def outcomes(fetcher: Fetcher, urls: list[str]) -> list[bytes | BaseException]:
    return await asyncio.gather(*(fetcher.fetch(Medium(url=url)) for url in urls), return_exceptions=True)


async def pause(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.02)
    writer.write(reply(Connection="close"))
    await writer.drain()


def test_so_many_at_once_and_a_quarter_from_one_host() -> None:
    async def run(hosts: list[str]) -> int:
        world = World({host: ["127.0.0.1"] for host in hosts})
        fetcher = world.fetcher(fetch_concurrency=8)
        async with serving({"/": [pause]}) as server:
            got = await outcomes(fetcher, [server.url("/", host) for host in hosts for _ in range(6)])
            await fetcher.aclose()
            assert got == [PICTURE] * len(got)
            return server.busiest_count

    assert asyncio.run(run(["a.example"])) == 2
    assert asyncio.run(run([f"{name}.example" for name in "abcdef"])) == 8


class DeadHost(httpcore.AnyIOBackend):
    """A network where 127.0.0.9 refuses connections, but only once it is let to."""

    def __init__(self) -> None:
        self.refuse = asyncio.Event()
        self.asked_count = 0

    async def connect_tcp(self, host: str, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:  # noqa: ANN401  # passed on
        if host != "127.0.0.9":
            return await super().connect_tcp(host, *args, **kwargs)
        self.asked_count += 1
        await self.refuse.wait()
        raise httpcore.ConnectTimeout


def test_a_dead_host_neither_stops_the_others_nor_is_asked_for_ever() -> None:
    async def run() -> tuple[list[bytes | BaseException], list[bytes | BaseException], int]:
        network = DeadHost()
        fetcher = World(connect=network).fetcher(fetch_concurrency=4, fetch_allowed_networks="127.0.0.0/8")
        async with serving({"/": [reply()]}) as server:
            dead = asyncio.create_task(outcomes(fetcher, [server.url("/", "127.0.0.9")] * 50))
            live = await outcomes(fetcher, [server.url("/")] * 50)
            assert network.asked_count == 1
            network.refuse.set()
            got = await dead
            await fetcher.aclose()
            return got, live, network.asked_count

    dead, live, asked_count = asyncio.run(run())
    assert live == [PICTURE] * 50
    assert all(isinstance(error, MediumError) and error.transient for error in dead)
    assert "left alone for 30 s" in str(dead[-1])
    assert asked_count == PATIENCE_COUNT


def test_a_host_that_answers_now_and_then_is_asked_on() -> None:
    drops: list[Answer] = [drop_at_once] * (PATIENCE_COUNT - 1)
    got, server, _ = attempt([*drops, FAILURE, *drops, reply()], fetch_attempts=10, fetch_timeout_s=100.0)
    assert got == PICTURE
    assert len(server.paths) == 2 * PATIENCE_COUNT


def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    async def run() -> bytes:
        fetcher = World().fetcher(fetch_concurrency=1)
        async with serving({"/silent": [silent], "/": [reply()]}) as server:
            tasks = [asyncio.create_task(fetcher.fetch(Medium(url=server.url("/silent")))) for _ in range(3)]
            await asyncio.sleep(0.05)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            got = await fetcher.fetch(Medium(url=server.url("/")))
            await fetcher.aclose()
            return got

    assert asyncio.run(run()) == PICTURE


def test_a_fetcher_can_be_made_outside_of_an_event_loop_with_defaults() -> None:
    fetcher = Fetcher(Settings())
    with pytest.raises(MediumError, match=r"127\.0\.0\.1 is at 127\.0\.0\.1, which is loopback"):
        asyncio.run(fetcher.fetch(Medium(url="http://127.0.0.1:8080/")))
