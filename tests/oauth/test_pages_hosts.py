"""Where an answer goes and who vouches: hosts as pages show them, and as their policy names them."""

import pytest

from fullstory_mcp.oauth import pages
from oauth.consenting import shown_key, text_of
from oauth.harness import followed, hosting, submitted
from oauth.outside import Outside, Page

LONG = "claude.ai.connect." + "verified." * 12 + "evil.example"
SHOWN = f"…{LONG[-119:]}"


@pytest.mark.anyio
async def test_the_end_of_a_long_host_is_shown() -> None:
    """The last part of a host says whose it is; a stranger chooses how much stands before it."""
    address, back = f"https://{LONG}/client", f"https://{LONG}/callback"
    outside = Outside(
        pages={
            address: Page({"client_id": address, "client_name": "Claude", "redirect_uris": [back]})
        }
    )
    async with hosting(outside=outside.transport, resolve=outside.resolve) as door:
        question = door.question(address, redirect_uri=back)
        page = await followed(door.client, await door.client.get("/authorize", params=question))
        second = await shown_key(door, page)
        await submitted(door.client, second, {"scope": ["fullstory:read"]}, button="allow")
        connections = await door.client.get("/connections")

    assert len(LONG) > 120
    assert f"An application that {SHOWN} vouches for" in text_of(page)
    assert f"Vouched for by {SHOWN} Sends you to {SHOWN} " in text_of(page)
    assert f"Sends you to {SHOWN} " in text_of(second)
    assert f"Vouched for by {SHOWN} Answers to {SHOWN} " in text_of(connections)
    for each in (page, second, connections):
        assert LONG not in text_of(each)


SOURCES = {
    "https://agent.example.com/callback?x=1": "https://agent.example.com",
    "https://agent.example.com:8443/": "https://agent.example.com:8443",
    "http://127.0.0.1:53682/callback": "http://127.0.0.1:53682",
    "http://[::1]:53682/callback": "http:",
    "cursor://anysphere.cursor-mcp/callback": "cursor:",
    "vscode-insiders:callback": "vscode-insiders:",
    "https://a;script-src *,x/": "https:",
    "https://[": "'self'",
    "no scheme": "'self'",
}


@pytest.mark.parametrize(("address", "source"), SOURCES.items())
def test_a_redirect_adds_one_source_to_the_policy(address: str, source: str) -> None:
    """Whatever the address is made of, it cannot add a directive of its own."""
    assert pages.form_source(address) == source


def test_hosts_are_shown_as_names_are_resolved() -> None:
    """Letters of other alphabets that look like ours are shown encoded."""
    assert pages.host("https://аpple.com/") == "xn--pple-43d.com"
    assert pages.host("https://user@host.example.com:99/x") == "host.example.com:99"
    assert pages.place("https://[/") == "an unreadable address"
    assert pages.place(f"https://{'x' * 64}.example.com/") == "an unreadable address"
