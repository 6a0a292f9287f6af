"""The system's Chromium without a window, for tests and for the pictures in the documentation."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Final

from playwright.sync_api import Browser, sync_playwright

CHROMIUM_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the path of Chromium, or `None` if it is not installed."""
    return next((path for path in map(shutil.which, CHROMIUM_NAMES) if path), None)


@contextlib.contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A running browser."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's own sandbox does not start as root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
