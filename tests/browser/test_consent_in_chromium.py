"""The consent page in a real browser, without JavaScript: from a client and back to it."""

import re

from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from browser.serving import Listener, Served, listener
from browser.walking import begin, connect, paste, press
from oauth.harness import VERIFIER


def test_a_person_connects_a_client_with_a_key(site: Served, client: Listener, page: Page) -> None:
    """The whole way: who asks, the key, the choice, and a code that the client can redeem."""
    begin(page, site, client)
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect Claude Code to Fullstory")
    paste(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("What may Claude Code do?")
    press(page, "Allow")
    page.wait_for_url(f"{client.url}?*")

    answer = client.heard[0]
    tokens = site.redeemed(answer["code"], client.url, VERIFIER)
    assert answer["state"] == "state-1"
    assert answer["iss"] == site.url
    assert tokens["scope"].split() == ["fullstory:read", "fullstory:write"]


def test_less_can_be_granted(site: Served, client: Listener, page: Page) -> None:
    """The boxes are what counts; deleting has to be ticked."""
    begin(page, site, client)
    paste(page)
    expect(page.get_by_label("Delete", exact=True)).not_to_be_checked()
    page.get_by_label("Create and change").uncheck()
    press(page, "Allow")
    page.wait_for_url(f"{client.url}?*")

    tokens = site.redeemed(client.heard[0]["code"], client.url, VERIFIER)
    assert tokens["scope"] == "fullstory:read"


def test_a_refused_key_is_asked_for_again(site: Served, client: Listener, page: Page) -> None:
    """The field is marked, described by the error, has the focus, and does not hold the key."""
    begin(page, site, client)
    paste(page, "na1.revoked-key")
    field = page.get_by_label("Fullstory API key")
    expect(page.get_by_role("alert")).to_contain_text("Fullstory does not accept this key")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("^Fullstory does not accept this key"))
    paste(page)
    expect(page.get_by_text("Step 2 of 2")).to_be_visible()


def test_cancel_sends_the_person_back(site: Served, client: Listener, page: Page) -> None:
    """Also without a key in the field, which is otherwise required."""
    begin(page, site, client)
    press(page, "Cancel")
    page.wait_for_url(f"{client.url}?*")

    assert client.heard[0]["error"] == "access_denied"


def test_enter_goes_on_and_not_back(site: Served, client: Listener, page: Page) -> None:
    """The first button of a form is the one that Enter presses."""
    begin(page, site, client)
    page.get_by_label("Fullstory API key").fill("na1.sandbox-admin")
    page.keyboard.press("Enter")
    page.get_by_label("Read").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{client.url}?*")

    assert "code" in client.heard[0]


def test_a_button_that_is_pressed_twice_goes_on(site: Served, client: Listener, page: Page) -> None:
    """The browser drops the answer to the first press, and the cookie that was in it."""
    begin(page, site, client)
    page.get_by_label("Fullstory API key").fill("na1.sandbox-admin")
    page.get_by_role("button", name="Continue").dblclick()
    expect(page.get_by_text("Step 2 of 2")).to_be_visible()
    press(page, "Allow")
    page.wait_for_url(f"{client.url}?*")

    assert "code" in client.heard[0]


def test_requests_in_two_tabs_are_both_answered(
    site: Served, client: Listener, context: BrowserContext
) -> None:
    """Each tab goes on by what it showed, whatever was proven in the other meanwhile."""
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        begin(tab, site, client)
    for tab in tabs:
        paste(tab)
    for tab in tabs:
        press(tab, "Allow")
        tab.wait_for_url(f"{client.url}?*")

    assert ["code" in each for each in client.heard] == [True, True]


def test_what_the_browser_sends_with_a_form(site: Served, client: Listener, page: Page) -> None:
    """No referrer leaves our pages, and no origin is named, which is why `null` is taken."""
    posts: list[Request] = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    begin(page, site, client)
    paste(page)
    press(page, "Allow")
    page.wait_for_url(f"{client.url}?*")

    headers = [post.all_headers() for post in posts]
    assert [each["origin"] for each in headers] == ["null", "null"]
    assert [each["sec-fetch-site"] for each in headers] == ["same-origin", "same-origin"]
    assert not [each for each in headers if "referer" in each]
    assert "referer" not in client.headers[0]


def test_the_tab_back_button_gives_nothing_twice(
    site: Served, client: Listener, page: Page
) -> None:
    """Going back and pressing Allow again says that it was answered."""
    connect(page, site, client)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("This request was already answered")

    assert len(client.heard) == 1


def test_another_browser_is_told_to_start_again(
    site: Served, client: Listener, page: Page, chromium: Browser
) -> None:
    """A consent page's address that was passed on shows nothing."""
    begin(page, site, client)
    other = chromium.new_context(java_script_enabled=False)
    elsewhere = other.new_page()
    elsewhere.goto(page.url)
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text(
        "This request was begun in another browser"
    )
    other.close()


def test_a_client_may_send_the_browser_on(site: Served, page: Page) -> None:
    """A client's page that says "done" is not stopped.

    Browsers hold `form-action` against every redirect that follows a form.
    """
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    with listener(then="https://client.invalid/done") as client:
        begin(page, site, client)
        paste(page)
        with page.expect_event("requestfailed") as failed:
            press(page, "Allow")

    assert "code" in client.heard[0]
    # It looked for the host, which is nowhere; a policy would have stopped it before.
    assert failed.value.failure == "net::ERR_NAME_NOT_RESOLVED"
    assert not [text for text in said if "Security Policy" in text]


def test_an_app_is_opened_by_its_scheme(site: Served, page: Page) -> None:
    """The policy lets a private-use scheme through; no app has it here."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    address = "cursor://anysphere.cursor-mcp/oauth/callback"
    client_id = site.registered(client_name="Cursor", redirect_uris=[address])
    page.goto(site.authorize(client_id, redirect_uri=address))
    paste(page)
    with page.expect_event("requestfailed") as failed:
        page.get_by_role("button", name="Allow").click(no_wait_after=True)

    assert failed.value.url.startswith(f"{address}?code=")
    assert not [text for text in said if "Security Policy" in text]


def test_a_window_that_a_client_opened_can_still_reach_it(
    site: Served, client: Listener, chromium: Browser
) -> None:
    """Clients on the web open a window for the consent and wait for its message."""
    context: BrowserContext = chromium.new_context()
    first = context.new_page()
    first.goto(client.url.replace("/callback", "/"))
    client_id = site.registered(redirect_uris=[client.url])
    address = site.authorize(client_id, redirect_uri=client.url)
    with first.expect_popup() as opened:
        first.evaluate("address => { window.open(address) }", address)
    window = opened.value
    paste(window)
    press(window, "Allow")
    window.wait_for_url(f"{client.url}?*")
    has_opener = window.evaluate("window.opener !== null")
    context.close()

    assert has_opener
