import asyncio
import gzip
import ssl
from pathlib import Path

import pytest

from streams.fetching.addresses import Address
from streams.fetching.errors import MediumError
from tests.streams.fetching.certificates import server_context
from tests.streams.fetching.misbehaviours import (
    drip,
    drop_at_once,
    drop_in_body,
    drop_in_chunk,
    endless,
    endless_head,
    no_http,
    silent,
)
from tests.streams.fetching.server import (
    PICTURE,
    Answer,
    Server,
    World,
    fetched,
    redirect,
    refused,
    reply,
    serving,
)


def get(*answers: Answer, **settings: object) -> bytes:
    async def run() -> bytes:
        async with serving({"/": list(answers)}) as server:
            return await fetched(server.url("/"), World(), **settings)

    return asyncio.run(run())


def refuse(*answers: Answer, **settings: object) -> MediumError:
    async def run() -> MediumError:
        async with serving({"/": list(answers)}) as server:
            return await refused(server.url("/"), World(), **{"fetch_attempts": 1, **settings})

    return asyncio.run(run())


def test_a_file_is_fetched_and_the_request_tells_nothing() -> None:
    async def run() -> Server:
        async with serving({"/a.png?size=1": [reply()]}) as server:
            assert await fetched(server.url("/a.png?size=1#top")) == PICTURE
            return server

    server = asyncio.run(run())
    assert server.requests == [
        (
            "/a.png?size=1",
            {
                "host": f"127.0.0.1:{server.port}",
                "user-agent": "freshet",
                "accept": "*/*",
                "accept-encoding": "identity",
            },
        )
    ]


def test_proxies_and_logins_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert get(reply()) == PICTURE


def test_bodies_come_chunked_packed_mislabelled_or_without_a_length() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    assert get(chunked) == b"abcde"
    assert get(reply(gzip.compress(PICTURE), Content_Encoding="gzip")) == PICTURE
    assert get(reply(Content_Type="text/html")) == PICTURE

    async def until_closed(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + PICTURE)

    assert get(until_closed) == PICTURE


@pytest.mark.parametrize(
    ("answer", "kind", "said", "transient"),
    [
        (reply(b"", "404 Not Found"), "status", "answered 404", False),
        (reply(b"", "500 Oops"), "status", "answered 500", True),
        (reply(b""), "content", "sent an empty file", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "content", "no content", False),
        (reply(b"<!doctype html><p>Log in"), "content", "HTML page", False),
        (reply(b"x", Content_Length="999999999999"), "too_large", "999999999999 announced", False),
        (reply(gzip.compress(bytes(10**7)), Content_Encoding="gzip"), "too_large", "more than the 100000", False),
        (endless, "too_large", "more than the 100000 bytes", False),
        (drip, "timeout", "took longer than FRESHET_FETCH_TIMEOUT_S", True),
        (silent, "timeout", "took longer than FRESHET_FETCH_TIMEOUT_S", True),
        (endless_head, "connection", "gave no answer", True),
        (drop_at_once, "connection", "gave no answer", True),
        (drop_in_body, "connection", "broke off the transfer", True),
        (drop_in_chunk, "connection", "broke off the transfer", True),
        (no_http, "connection", "gave no answer", True),
    ],
)  # fmt: skip
def test_a_server_that_misbehaves_is_a_reason(answer: Answer, kind: str, said: str, transient: bool) -> None:
    error = refuse(answer, fetch_bytes=100_000, fetch_timeout_s=0.3)
    assert said in error.reason
    assert error.reason.startswith("127.0.0.1 ")
    assert (error.kind, error.transient) == (kind, transient)


def test_nobody_listening_may_pass() -> None:
    async def run() -> MediumError:
        async with serving({}) as server:
            url = server.url("/")
        return await refused(url, fetch_attempts=1)

    error = asyncio.run(run())
    assert (error.kind, error.transient) == ("connection", True)


def test_redirects_are_followed_up_to_five() -> None:
    async def run(count: int) -> list[str]:
        answers: dict[str, list[Answer]] = {f"/{n}": [redirect(f"/{n + 1}")] for n in range(count)}
        async with serving({**answers, f"/{count}": [reply()]}) as server:
            assert await fetched(server.url("/0")) == PICTURE
            return server.paths

    assert asyncio.run(run(5)) == [f"/{n}" for n in range(6)]
    with pytest.raises(MediumError, match=r"more than 5 redirects, the last to 127\.0\.0\.1") as raised:
        asyncio.run(run(6))
    assert (raised.value.kind, raised.value.transient) == ("redirect", False)


def test_a_circle_is_seen_before_it_has_been_gone_round_twice() -> None:
    async def run() -> tuple[MediumError, list[str]]:
        async with serving({"/a": [redirect("/b")], "/b": [redirect("/a#again")]}) as server:
            return await refused(server.url("/a")), server.paths

    error, paths = asyncio.run(run())
    assert "redirects in a circle" in error.reason
    assert paths == ["/a", "/b"]


@pytest.mark.parametrize(
    ("location", "kind", "said"),
    [
        ("http://127.0.0.2/", "address", "127.0.0.2, which is loopback"),
        ("http://[::1]/", "address", "::1, which is loopback"),
        ("http://[::ffff:127.0.0.1]/", "address", "IPv4-mapped"),
        ("http://169.254.169.254/latest/meta-data/", "address", "link-local, where clouds serve metadata"),
        ("http://intern.example/", "address", "intern.example is at 10.0.0.1, which is private"),
        ("http://127.0.0.1:22/", "address", "port 22"),
        ("file:///etc/passwd", "scheme", "redirects elsewhere: file: is not read"),
        ("ftp://127.0.0.1/", "scheme", "ftp: is not read"),
    ],
)
def test_a_redirect_opens_nothing_that_a_url_would_not(location: str, kind: str, said: str) -> None:
    async def run() -> MediumError:
        world = World({"intern.example": ["10.0.0.1"]})
        async with serving({"/": [redirect(location)]}) as server:
            return await refused(server.url("/"), world)

    error = asyncio.run(run())
    assert said in error.reason
    assert (error.kind, error.transient) == (kind, False)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1/", "loopback"),
        ("http://[::]/", "unspecified"),
        ("http://[fe80::1]/", "link-local"),
        ("http://mixed.example/", "mixed.example is at 192.168.0.1, which is private"),
        ("http://bücher.example/", "is at 10.0.0.1, which is private"),
    ],
)
def test_what_is_not_public_is_not_asked(url: str, said: str) -> None:
    names = {"mixed.example": ["8.8.8.8", "192.168.0.1"], "xn--bcher-kva.example": ["10.0.0.1"]}
    error = asyncio.run(refused(url, World(names), fetch_allowed_networks=""))
    assert said in error.reason
    assert error.kind == "address"


def test_a_host_is_resolved_once_and_what_was_checked_is_connected_to() -> None:
    class Rebinding(World):
        async def resolve(self, host: str, port: int) -> list[Address]:
            found = await super().resolve(host, port)
            self.names[host] = ["127.0.0.2"]
            return found

    async def run() -> tuple[World, Server]:
        world = Rebinding({"xn--bcher-kva.example": ["127.0.0.1"]})
        async with serving({"/": [reply()]}) as server:
            assert await fetched(server.url("/", "bücher.example"), world) == PICTURE
            return world, server

    world, server = asyncio.run(run())
    assert world.looked_up == ["xn--bcher-kva.example"]
    assert server.requests[0][1]["host"] == f"xn--bcher-kva.example:{server.port}"


def test_tls_is_verified_against_the_name_and_the_authority(tmp_path: Path) -> None:
    context, certificate = server_context(tmp_path, "shop.example")
    trusting = ssl.create_default_context(cafile=certificate)
    names = {"shop.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}

    async def run() -> tuple[bytes, MediumError, MediumError, Server]:
        async with serving({"/": [reply()]}, context) as server:
            shop, other = (server.url("/", host, "https") for host in ("shop.example", "other.example"))
            good = await fetched(shop, World(names, trusting))
            return (
                good,
                await refused(shop, World(names)),
                await refused(other, World(names, trusting)),
                server,
            )

    good, unknown, misnamed, server = asyncio.run(run())
    assert good == PICTURE
    assert server.paths == ["/"]
    assert "the certificate of shop.example is not trusted: self" in unknown.reason
    assert "the certificate of other.example is not trusted: Hostname mismatch" in misnamed.reason
    assert {(e.kind, e.transient) for e in (unknown, misnamed)} == {("tls", False)}


def test_a_server_without_tls_is_a_reason() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await no_http(writer)

    async def run() -> MediumError:
        async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await refused(f"https://127.0.0.1:{port}/", fetch_attempts=1)

    error = asyncio.run(run())
    assert error.reason == "no TLS connection to 127.0.0.1: WRONG_VERSION_NUMBER"
    assert (error.kind, error.transient) == ("tls", True)
