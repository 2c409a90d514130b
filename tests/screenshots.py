"""Pictures of the console for the docs: `python -m tests.screenshots ADDRESS [FOLDER]`, with a console that runs.

ADDRESS is what `freshet console` or `freshet demo --console` prints.
"""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import chromium

FOLDER = Path("docs/pictures")
COLOURS = 128
"""Of a picture: enough for text and small photographs, and a third of the bytes."""
LOADED_MS = 12_000
"""Pictures come, and the rates of some seconds."""


def main(address: str, folder: Path = FOLDER) -> None:
    """Takes both pictures, of somebody who has just chosen an item."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        _taken(browser, address, folder / "console.png", (1280, 1440), 1)
        _taken(browser, address, folder / "console-phone.png", (390, 844), 2)


def _taken(browser: Browser, address: str, target: Path, size: tuple[int, int], scale: int) -> None:
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
    page.goto(address)
    _act(page)
    page.wait_for_timeout(LOADED_MS)
    page.locator("#user" if scale > 1 else "header").evaluate("element => element.scrollIntoView()")
    with Image.open(BytesIO(page.screenshot())) as image:
        image.convert("RGB").quantize(COLOURS).save(target, optimize=True)
    page.close()


def _act(page: Page) -> None:
    """Somebody chooses an item of their list; then there is a search."""
    page.locator("#active button").nth(2).click()
    page.locator("#list .item").nth(3).click()
    page.locator("#kafka-ms").wait_for()
    page.get_by_label("Words").fill("ocean")
    page.get_by_role("button", name="Find", exact=True).click()
    page.locator("#found .item").first.wait_for()


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
