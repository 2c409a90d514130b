import asyncio
import gzip
from collections.abc import AsyncIterator

import httpcore
import pytest

from streams.fetching.answers import check_status, read_body, redirect_location
from streams.fetching.errors import MediumError


def response(*chunks: bytes, status: int = 200, **headers: str) -> httpcore.Response:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpcore.Response(status, headers=list(names.items()), content=stream())


def body(*chunks: bytes, limit_bytes: int = 100, **headers: str) -> bytes:
    return asyncio.run(read_body(response(*chunks, status=200, **headers), "shop.example", limit_bytes))


@pytest.mark.parametrize("status", [200, 203])
def test_a_whole_file_is_taken(status: int) -> None:
    check_status(response(status=status), "shop.example", 0.0)


@pytest.mark.parametrize(
    ("status", "transient"),
    [(201, False), (206, False), (304, False), (400, False), (401, False), (403, False), (404, False),
     (408, True), (410, False), (425, True), (429, True), (500, True), (502, True), (503, True), (504, True)],
)  # fmt: skip
def test_other_statuses_are_final_or_may_pass(status: int, transient: bool) -> None:
    with pytest.raises(MediumError, match=f"shop.example answered {status}") as raised:
        check_status(response(status=status), "shop.example", 0.0)
    assert (raised.value.kind, raised.value.transient) == ("status", transient)


def test_no_content_is_a_reason_of_its_own() -> None:
    with pytest.raises(MediumError, match="answered 204: no content") as raised:
        check_status(response(status=204), "shop.example", 0.0)
    assert raised.value.kind == "content"


def test_retry_after_is_kept() -> None:
    with pytest.raises(MediumError) as raised:
        check_status(response(status=503, RETRY_AFTER="3"), "shop.example", 0.0)
    assert raised.value.retry_after_s == 3.0


def test_a_redirect_needs_a_location() -> None:
    assert redirect_location(response(status=302, location="/b")) == "/b"
    assert redirect_location(response(status=302)) is None
    assert redirect_location(response(status=200, location="/b")) is None


def test_chunks_are_put_together_up_to_the_limit() -> None:
    assert body(b"a" * 60, b"b" * 40) == b"a" * 60 + b"b" * 40
    with pytest.raises(MediumError, match="sends more than the 99 bytes of FRESHET_FETCH_BYTES") as raised:
        body(b"a" * 60, b"b" * 40, limit_bytes=99)
    assert (raised.value.kind, raised.value.transient) == ("too_large", False)


def test_an_announced_size_is_believed_when_it_is_too_large() -> None:
    with pytest.raises(MediumError, match=r"\(101 announced\)"):
        body(b"a", Content_Length="101")


def test_unpacked_bytes_count() -> None:
    bomb = gzip.compress(bytes(10_000))
    assert len(bomb) < 100
    with pytest.raises(MediumError, match="more than the 100 bytes"):
        body(bomb, Content_Encoding="gzip")
    assert len(body(bomb, limit_bytes=10_000, Content_Encoding="gzip")) == 10_000


def test_packed_bytes_count_though_nothing_comes_of_them() -> None:
    empty_block = b"\x00\x00\x00\xff\xff"
    with pytest.raises(MediumError, match="more than the 100 bytes"):
        body(*[empty_block] * 1000, Content_Encoding="deflate")


@pytest.mark.parametrize(
    "page",
    [
        b"<!DOCTYPE html><html>",
        b"\xef\xbb\xbf\r\n <!doctype HTML>",
        b"<html lang=en>",
        b"<!-- one --> <!-- two -->\n<HEAD>",
        b'<?xml version="1.0"?><!DOCTYPE html>',
    ],
)
def test_a_page_is_not_a_file_whatever_it_says_it_is(page: bytes) -> None:
    with pytest.raises(MediumError, match=r"shop\.example sent an HTML page") as raised:
        body(page, Content_Type="image/png")
    assert raised.value.kind == "content"


@pytest.mark.parametrize("data", [b"<svg>", b'<?xml version="1.0"?><svg>', b"\x89PNG<html>", b"<htmlx>"])
def test_a_file_is_taken_whatever_the_header_says(data: bytes) -> None:
    assert body(data, Content_Type="text/html") == data


def test_looking_for_a_page_takes_no_time_on_what_is_made_to_be_slow() -> None:
    assert body(b"<!---->" * 1000, limit_bytes=10_000)
    assert body(b"<?xml" * 2000, limit_bytes=10_000)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(MediumError, match="sent an empty file"):
        body()
