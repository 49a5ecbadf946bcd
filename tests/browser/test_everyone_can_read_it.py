"""Every page, light and dark, on a desk and on a phone: axe finds nothing, nothing is cut off."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from browser.serving import Listener, Served
from browser.walking import begin, connect, paste, press
from oauth.identity_provider import ADA

LONG = "A client with a name that is as long as a page can show here"
"""Sixty characters, which is what a page shows of a name."""


def _first(page: Page, site: Served, client: Listener) -> None:
    begin(page, site, client, LONG)


def _app(page: Page, site: Served, _client: Listener) -> None:
    address = "cursor://anysphere.cursor-mcp/oauth/callback"
    client_id = site.registered(redirect_uris=[address])
    page.goto(site.authorize(client_id, redirect_uri=address))


def _refused(page: Page, site: Served, client: Listener) -> None:
    begin(page, site, client)
    paste(page, "na1.revoked-key")
    expect(page.get_by_role("alert")).to_be_visible()


def _second(page: Page, site: Served, client: Listener) -> None:
    begin(page, site, client, LONG)
    paste(page, "na1.sandbox-standard")
    expect(page.get_by_text("Step 2 of 2")).to_be_visible()


def _nothing_ticked(page: Page, site: Served, client: Listener) -> None:
    _second(page, site, client)
    page.get_by_label("Read").uncheck()
    page.get_by_label("Create and change").uncheck()
    press(page, "Allow")
    expect(page.get_by_role("alert")).to_be_visible()


def _expired(page: Page, site: Served, _client: Listener) -> None:
    page.goto(f"{site.url}/consent?request=unknown")
    expect(page.get_by_role("heading", level=1)).to_have_text("This request is no longer open")


def _unsafe(page: Page, site: Served, _client: Listener) -> None:
    page.goto(site.authorize("nobody"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def _who(page: Page, site: Served, _client: Listener) -> None:
    page.goto(f"{site.url}/connections")
    expect(page.get_by_label("Fullstory API key")).to_be_visible()


def _listed(page: Page, site: Served, client: Listener) -> None:
    for name in ("Claude Code", LONG, "Cursor"):
        connect(page, site, client, name)
    site.refuse_keys()
    page.goto(f"{site.url}/connections")
    press(page, "End this connection of Cursor")
    page.get_by_text("End all of them").click()
    expect(page.get_by_text("Fullstory no longer accepts its key").first).to_be_visible()


PAGES: dict[str, Callable[[Page, Served, Listener], None]] = {
    "first-step": _first,
    "first-step-of-an-app": _app,
    "key-refused": _refused,
    "second-step": _second,
    "nothing-ticked": _nothing_ticked,
    "expired": _expired,
    "unsafe": _unsafe,
    "who-are-you": _who,
    "connections": _listed,
}

LOOKS: dict[str, tuple[Literal["light", "dark"], int]] = {
    "light, on a desk": ("light", 1280),
    "dark, on a phone": ("dark", 360),
    "light, on a phone": ("light", 360),
    "dark, on a desk": ("dark", 1280),
}
"""The colours that a person has set, and how wide the window is, in CSS pixels."""


@pytest.mark.parametrize("name", PAGES)
def test_page_is_readable_by_everyone(
    site: Served, client: Listener, chromium: Browser, tmp_path: Path, name: str
) -> None:
    """In every look: no violation that axe knows of, and no scrolling sideways."""
    with scripted(chromium) as page:
        PAGES[name](page, site, client)
        found = looked_at(page, tmp_path / name)

    assert found == {}


PEOPLE = {
    "second-step-of-a-person": (ADA, "What may Claude Code do?"),
    "keyless": ({"sub": "u-ada", "email": "ada@example.com"}, "There is no key for you here"),
}


@pytest.mark.parametrize(
    ("office_site", "name"),
    [(person, name) for name, (person, _) in PEOPLE.items()],
    ids=PEOPLE,
    indirect=["office_site"],
)
def test_page_after_a_sign_in_is_readable_by_everyone(
    office_site: Served, client: Listener, chromium: Browser, tmp_path: Path, name: str
) -> None:
    """The first step with its two ways, and what a person sees who took the other one."""
    with scripted(chromium) as page:
        begin(page, office_site, client)
        before = looked_at(page, tmp_path / "two-ways")
        page.get_by_role("link", name="Sign in with your organisation").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(PEOPLE[name][1])
        after = looked_at(page, tmp_path / name)

    assert before | after == {}


@contextmanager
def scripted(chromium: Browser) -> Iterator[Page]:
    """A tab for axe, which is a script: past the policy, which forbids them."""
    context = chromium.new_context(bypass_csp=True)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def looked_at(page: Page, shots: Path) -> dict[str, object]:
    """What is wrong with a page, by look."""
    found: dict[str, object] = {}
    for look, (scheme, width) in LOOKS.items():
        # Reduced motion, so that no colour is looked at on its way to another.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 740})
        page.screenshot(path=f"{shots}, {look}.png", full_page=True)
        told = Axe().run(page)
        if told.violations_count:
            found[look] = told.generate_report()
        across = page.evaluate("document.documentElement.scrollWidth")
        if across > width:
            found[f"{look}, sideways"] = across
    return found


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_page_follows_the_person_s_colours(
    site: Served, client: Listener, chromium: Browser, scheme: str, *, dark: bool
) -> None:
    """A page is dark for whoever has their device set so, and its style is let in by the policy."""
    context = chromium.new_context(color_scheme=scheme)
    page = context.new_page()
    begin(page, site, client)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()

    red, green, blue = (int(part) for part in ground.strip("rgb()").split(","))
    assert (red + green + blue < 3 * 64) is dark


def test_keyboard_reaches_everything_in_order(site: Served, client: Listener, page: Page) -> None:
    """The field, then the buttons; the focus is drawn where it is."""
    begin(page, site, client)
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        focused = page.locator(":focus-visible")
        reached.append(focused.get_attribute("name") + ":" + (focused.get_attribute("value") or ""))

    assert reached == ["api_key:", "action:key", "action:cancel"]
