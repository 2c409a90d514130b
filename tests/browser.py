"""Debian's Chromium, for tests that look at a page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

_CHROMIUM = shutil.which("chromium")
SHOWN_MS = 20_000
"""How long something may take to show."""

needs_chromium = pytest.mark.skipif(
    _CHROMIUM is None, reason="no Chromium on the PATH; try `apt-get install chromium`"
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, as long as the block runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
