"""The page in a real browser, over topics in memory: what it shows when something went wrong."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from starlette.types import ASGIApp

from streams.console.access import Access, Gate
from streams.follower import Record
from tests.browser import SHOWN_MS, chromium, needs_chromium
from tests.streams.console.served import COOKIE, TOKEN, Served

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


@contextmanager
def serving(app: ASGIApp, port: int = 0) -> Iterator[int]:
    """Serves while the block runs, at the port that it gives."""
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}/?token={TOKEN}"


def test_a_console_that_was_started_anew_is_told_from_one_that_is_away(served: Served, page: Page) -> None:
    served.river.state = "ok"
    connection = page.locator("#connection")
    with serving(served.app) as port:
        page.goto(address(port))
        expect(connection).to_have_text("live", timeout=SHOWN_MS)
    expect(connection).to_contain_text("trying again", timeout=SHOWN_MS)
    gate = Gate("another start's token", {"127.0.0.1"}, any_address=False, cookie=COOKIE)
    with serving(Access(served.app, gate), port):
        expect(connection).to_contain_text("the token is missing or wrong", timeout=SHOWN_MS)
    with serving(served.app, port):
        expect(connection).to_have_text("live", timeout=SHOWN_MS)


def test_what_is_followed_no_more_is_not_live(served: Served, page: Page) -> None:
    with serving(served.app) as port:
        page.goto(address(port))
        connection = page.locator("#connection")
        expect(connection).to_have_text("reading what there is …", timeout=SHOWN_MS)
        served.river.state = "failed"
        expect(connection).to_contain_text("start the console again", timeout=SHOWN_MS)


def test_whoever_is_erased_is_shown_no_longer(served: Served, page: Page) -> None:
    with serving(served.app) as port:
        page.goto(f"{address(port)}#ann")
        expect(page.locator("#list .item")).to_have_count(2, timeout=SHOWN_MS)
        expect(page.locator("#history li")).to_have_count(2, timeout=SHOWN_MS)
        # From another thread: what wakes the loop is the stream of every second.
        served.river.subscribers.publish(Record(0, 9, b"ann", None, 1_700_000_000_100, {}))
        expect(page.locator("#list .item")).to_have_count(0, timeout=SHOWN_MS)
        expect(page.locator("#history li")).to_have_count(0)
        expect(page.locator("#measured")).to_contain_text("they were erased")


def test_the_link_that_skips_to_the_user_makes_nobody_of_that_name(served: Served, page: Page) -> None:
    with serving(served.app) as port:
        page.goto(f"{address(port)}#ann")
        expect(page.locator("#who")).to_have_text("ann", timeout=SHOWN_MS)
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#user")).to_be_focused()
        page.reload()
        expect(page.locator("#who")).to_have_text("ann", timeout=SHOWN_MS)
