"""The page /connections in a real browser, without JavaScript."""

from playwright.sync_api import Page, expect

from browser.serving import Listener, Served
from browser.walking import KEY, connect, press


def test_a_person_ends_one_connection(site: Served, client: Listener, page: Page) -> None:
    """Right after a consent the list is open; the one that is ended moves below."""
    connect(page, site, client, "Claude Code")
    connect(page, site, client, "Cursor")
    page.goto(f"{site.url}/connections")
    page.get_by_role("button", name="End this connection of Cursor").click()

    expect(page.get_by_role("button", name="End this connection")).to_have_count(1)
    expect(page.get_by_role("button", name="End this connection of Claude Code")).to_be_visible()
    expect(page.get_by_text("You ended it on this page.")).to_have_count(1)


def test_all_are_ended_behind_a_summary(site: Served, client: Listener, page: Page) -> None:
    """One more step for what cannot be undone one by one."""
    connect(page, site, client, "Claude Code")
    connect(page, site, client, "Cursor")
    page.goto(f"{site.url}/connections")
    everything = page.get_by_role("button", name="End all connections")
    expect(everything).to_be_hidden()
    page.get_by_text("End all of them").click()
    everything.click()

    expect(page.get_by_text("Nothing is connected.")).to_be_visible()


def test_a_person_comes_back_with_the_key(site: Served, client: Listener, page: Page) -> None:
    """After leaving, the list opens again for whoever has the key."""
    connect(page, site, client)
    page.goto(f"{site.url}/connections")
    press(page, "Leave now")
    page.get_by_label("Fullstory API key").fill(KEY)
    press(page, "Show my connections")

    expect(page.get_by_role("heading", name="Claude Code")).to_be_visible()
