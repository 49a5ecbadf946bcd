"""A person's steps at the pages, by what the page calls things."""

from playwright.sync_api import Page

from browser.serving import Listener, Served

KEY = "na1.sandbox-architect"


def begin(page: Page, site: Served, client: Listener, name: str = "Claude Code") -> None:
    """A new client sends the person here: the first step."""
    client_id = site.registered(client_name=name, redirect_uris=[client.url])
    page.goto(site.authorize(client_id, redirect_uri=client.url))


def paste(page: Page, key: str = KEY) -> None:
    """Pastes a key and goes on."""
    page.get_by_label("Fullstory API key").fill(key)
    page.get_by_role("button", name="Continue").click()


def press(page: Page, name: str) -> None:
    """Presses a button."""
    page.get_by_role("button", name=name).first.click()


def connect(page: Page, site: Served, client: Listener, name: str = "Claude Code") -> None:
    """A whole consent, which ends at the client."""
    begin(page, site, client, name)
    paste(page)
    press(page, "Allow")
    page.wait_for_url(f"{client.url}?*")
