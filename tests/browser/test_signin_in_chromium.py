"""Sign in with the organisation in a real browser, without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from browser.serving import Listener, Served
from browser.walking import begin, press
from oauth.harness import VERIFIER
from oauth.identity_provider import ADA

pytestmark = pytest.mark.parametrize("office_site", [ADA], ids=["ada"], indirect=True)


def test_a_person_connects_by_signing_in(office_site: Served, client: Listener, page: Page) -> None:
    """To the provider and back, past the policy and with the cookie, then the choice as ever."""
    begin(page, office_site, client)
    page.get_by_role("link", name="Sign in with your organisation").click()
    expect(page.get_by_text("ada@example.com")).to_be_visible()
    press(page, "Allow")
    page.wait_for_url(f"{client.url}?*")

    tokens = office_site.redeemed(client.heard[0]["code"], client.url, VERIFIER)
    assert tokens["scope"].split() == ["fullstory:read", "fullstory:write"]


def test_a_person_sees_their_connections_by_signing_in(office_site: Served, page: Page) -> None:
    """Without any key in hand."""
    page.goto(f"{office_site.url}/connections")
    page.get_by_role("link", name="Sign in with your organisation").click()

    expect(page.get_by_text("Nothing is connected.")).to_be_visible()
    expect(page.get_by_text("ada@example.com")).to_be_visible()
