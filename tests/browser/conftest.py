"""A real Chromium: the system's, or the one that FULLSTORY_TEST_CHROMIUM names."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from browser.serving import Listener, Served, listener, office, served
from oauth.organisation import ACCESS, KEY, VARIABLE

# Read here: a fixture takes every FULLSTORY_* variable away before a test.
CHROMIUM = os.environ.get("FULLSTORY_TEST_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

FLAGS = (
    "--no-sandbox",  # root has none; every page is our own
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file's tests; each has a context of its own.

    It is closed with the file: Playwright's event loop runs in this thread as long, and no
    asynchronous test could run beside it.
    """
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here, and FULLSTORY_TEST_CHROMIUM names none")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def site() -> Iterator[Served]:
    """A hosted server on loopback."""
    with served() as door:
        yield door


@pytest.fixture
def office_site(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    """A hosted server whose people sign in with their organisation; the parameter is who does."""
    monkeypatch.setenv(VARIABLE, KEY)
    with office(request.param) as (_, given), served(access=ACCESS, **given) as door:
        yield door


@pytest.fixture
def client() -> Iterator[Listener]:
    """A client that waits on loopback."""
    with listener() as waiting:
        yield waiting


@pytest.fixture
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A browser without a history and without JavaScript, unless a test's parameters say else."""
    given: dict[str, Any] = {"java_script_enabled": False, **getattr(request, "param", {})}
    opened = chromium.new_context(**given)
    # A page that does not come is a failure, and no reason to wait for half a minute.
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()
