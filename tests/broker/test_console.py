"""The console in a real browser, on a running river: pick somebody, choose an item, see the list change, search."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Message
from playwright.sync_api import Browser, Page, expect

from streams.demo.browser import console_beside
from tests.broker.client import Client, value_of
from tests.broker.river import River, shoppers
from tests.browser import SHOWN_MS, chromium, needs_chromium
from tests.pictures import jpeg, picture

ITEMS = 24
SUBJECTS = ("harbour", "oven", "orchard", "violin", "glacier")
HOSTILE = "<img src=x onerror=alert(1)>"
AGREES_MS = 20

pytestmark = needs_chromium


class Opened:
    """A console's address, and a client that reads what Kafka has."""

    def __init__(self, address: str, client: Client) -> None:
        self.address = address
        self.client = client

    @property
    def origin(self) -> str:
        return self.address.partition("/?")[0]

    def latency_ms(self, user_id: str) -> int:
        """From the user's last event of the console to the first list through it, by Kafka's timestamps."""
        events = [m for m in self.client.read_to_end("interactions") if _is_consoles(m, user_id)]
        event = events[-1]

        def knows(message: Message) -> bool:
            if message.key() != user_id.encode():
                return False
            through = value_of(message)["through"]
            return bool((through["partition"], through["offset"]) >= (event.partition(), event.offset()))

        found = self.client.wait("recommendations", knows)
        return int(found.timestamp()[1] - event.timestamp()[1])


def _is_consoles(message: Message, user_id: str) -> bool:
    return message.key() == user_id.encode() and value_of(message)["event_id"].startswith("console-")


@pytest.fixture(scope="module")
def opened(
    kafka: str, topic_prefix_of_module: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Opened]:
    home = tmp_path_factory.mktemp("console")
    river = River(kafka, topic_prefix_of_module, home, image_encoder="efficientnet")
    client = Client(kafka, topic_prefix_of_module)
    with river.workers(encode=1, learn=1, recommend=1):
        for number in range(ITEMS):
            river.produce("media", _medium(number), f"item-{number}")
        river.flush()
        waiting = {f"item-{number}" for number in range(ITEMS)}

        def all_encoded(message: Message) -> bool:
            waiting.discard(_encoded(message))
            return not waiting

        # A list that is made before there are items has none, until its user does something.
        client.wait("items", all_encoded, 60.0)
        for event in shoppers(240, 3, users=20, items=ITEMS):
            river.interact(event)
        river.flush()
        river.wait_fresh()
        with console_beside(river.settings) as address:
            yield Opened(address, client)
    client.close()


@pytest.fixture(scope="module")
def topic_prefix_of_module() -> str:
    return "console-"


def _medium(number: int) -> dict[str, Any]:
    subject = SUBJECTS[number % len(SUBJECTS)]
    title = HOSTILE if number == 0 else f"The {subject}, part {number}"
    data = base64.b64encode(jpeg(picture(number))).decode()
    image = {"image": {"data": data}} if number % 4 else {}
    return {"item_id": f"item-{number}", "title": title, "text": f"{subject} {number}", **image}


def _encoded(message: Message) -> str:
    """The item's id, once it has all vectors that it can have; before that, nothing."""
    document = value_of(message)
    wanted = 3 if document.get("image") else 1
    return str(document["item_id"]) if document.get("modalities") == wanted else ""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(opened: Opened, browser: Browser) -> Iterator[Page]:
    """The console's page: nothing on it may be an error, or ask anybody else."""
    page = browser.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(f"{opened.origin}/") else wrong.append(asked.url),
    )
    page.goto(opened.address)
    yield page
    page.close()
    assert wrong == []


def be(page: Page, user_id: str) -> None:
    """Picks somebody who has a list."""
    page.get_by_label("User", exact=True).fill(user_id)
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#list .item").first).to_be_visible(timeout=SHOWN_MS)


def listed(page: Page) -> list[str]:
    """Ids of the list that is shown."""
    return [str(item.get_attribute("data-item")) for item in page.locator("#list .item").all()]


def shown_ms(page: Page) -> int:
    """The event-to-list time that is shown."""
    shown = page.locator("#kafka-ms")
    expect(shown).to_be_visible(timeout=SHOWN_MS)
    return int(shown.inner_text().removesuffix(" ms"))


def test_choosing_an_item_changes_the_list_and_the_time_shown_is_kafkas(opened: Opened, page: Page) -> None:
    assert "token" not in page.url
    be(page, "user-3")
    before = listed(page)
    page.locator("#list .item").nth(1).click()
    assert abs(shown_ms(page) - opened.latency_ms("user-3")) <= AGREES_MS
    after = listed(page)
    assert after != before
    moved = page.locator("#list .move.new, #list .move.up, #list .move.down").count()
    gone = page.locator("#left").inner_text()
    assert moved or gone
    chosen = page.locator("#measured").inner_text().partition("“")[2].partition("”")[0]
    expect(page.locator("#history li").first).to_contain_text(chosen, timeout=SHOWN_MS)
    because = page.locator("#list .why").all_inner_texts()
    assert any(re.match(r"because of (The|<img)", why) for why in because), because


def test_everything_can_be_done_with_the_keyboard(opened: Opened, page: Page) -> None:
    page.get_by_label("User", exact=True).focus()
    page.keyboard.type("user-5")
    page.keyboard.press("Enter")
    expect(page.locator("#list .item").first).to_be_visible(timeout=SHOWN_MS)
    page.get_by_label("Choosing means").select_option("like")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#list')?.id"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert abs(shown_ms(page) - opened.latency_ms("user-5")) <= AGREES_MS
    assert "like" in page.locator("#measured").inner_text()
    # The list was made anew, and who stood in it stands in it still.
    assert page.evaluate("document.activeElement.closest('#list')?.id") == "list"


def test_search_finds_an_item_by_its_text_and_by_a_picture_and_what_is_alike(
    page: Page, tmp_path: Path
) -> None:
    page.get_by_label("Words").fill("glacier 14")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("#found .item").first).to_contain_text("The glacier, part 14", timeout=SHOWN_MS)
    (tmp_path / "taken.png").write_bytes(b"")
    picture(7).save(tmp_path / "taken.png")
    page.get_by_label("or a picture or sound").set_input_files(tmp_path / "taken.png")
    expect(page.locator("#found .item").first).to_have_attribute("data-item", "item-7", timeout=SHOWN_MS)
    page.locator("#found .alike").first.click()
    expect(page.locator("#found-about")).to_contain_text("Like The orchard, part 7", timeout=SHOWN_MS)
    assert "item-7" not in [item.get_attribute("data-item") for item in page.locator("#found .item").all()]


def test_somebody_new_gets_a_first_list_from_what_a_search_finds(page: Page) -> None:
    page.get_by_label("User", exact=True).fill("nobody yet / новый")
    page.get_by_role("button", name="Show").click()
    page.get_by_label("Words").fill("violin")
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("#found .item").first.click()
    expect(page.locator("#measured")).to_contain_text("It is their first", timeout=SHOWN_MS)
    assert listed(page)


def test_the_river_is_shown_live_and_what_strangers_wrote_is_text(opened: Opened, page: Page) -> None:
    expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("#counts")).to_contain_text(f", {ITEMS}")
    for _ in range(3):
        opened.client.send("interactions", b"oops", "user-1")
    expect(page.locator("#refused summary")).to_be_visible(timeout=SHOWN_MS)
    expect(page.locator("#letters-rate")).not_to_have_text("0/s", timeout=SHOWN_MS)
    page.get_by_label("Words").fill("harbour 0")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("#found").get_by_text(HOSTILE)).to_be_visible(timeout=SHOWN_MS)


def test_on_a_phone_there_is_one_column_and_nothing_sticks_out(opened: Opened, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    be(page, "user-7")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    user, search = page.locator("#user").bounding_box(), page.locator("#search").bounding_box()
    assert user is not None
    assert search is not None
    assert search["y"] >= user["y"] + user["height"]


def test_the_api_answers_programs_and_an_unknown_user_is_none(opened: Opened) -> None:
    token = opened.address.rpartition("=")[2]
    with httpx.Client(base_url=opened.origin, headers={"authorization": f"Bearer {token}"}) as api:
        newest = [m for m in opened.client.read_to_end("recommendations") if m.key() == b"user-9"][-1]
        found = api.get("/users/user-9/list").json()
        assert found["recommendation"] == value_of(newest)
        assert found["record"]["timestamp_ms"] == newest.timestamp()[1]
        assert api.get("/users/no one/list").status_code == 404
        assert api.get("/items/item-7/picture").headers["content-type"] == "image/jpeg"
        with api.stream("GET", "/users/user-9/list/stream") as stream:
            assert next(line for line in stream.iter_lines() if line) == "event: list"
