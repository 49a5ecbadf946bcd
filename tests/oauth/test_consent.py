"""The consent page: who asks, what is allowed, and what comes of it."""

import logging

import httpx2 as httpx
import pytest

from fullstory_mcp.storage import connections
from oauth.consenting import begun, offered, proven, shown_key, text_of, ticked
from oauth.harness import ALL_SCOPES, KEY, REDIRECT_URI, Door, hosting, redirected, submitted
from transports import Api

pytestmark = pytest.mark.anyio

READ, WRITE, DELETE = ALL_SCOPES.split()


async def test_a_key_and_a_choice_become_a_connection(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The client gets a code; what was not granted is remembered as withheld; one line is logged."""
    caplog.set_level(logging.INFO, "fullstory_mcp")
    async with hosting(database_url) as door:
        page = await proven(door)
        answer = await submitted(door.client, page, {"scope": [READ]}, button="allow")
        stored = await _only_connection(door)

    told = redirected(answer)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(REDIRECT_URI)
    assert set(told) == {"code", "state", "iss"}
    assert told["iss"] == "https://mcp.example.com"
    assert (stored.scopes, stored.withheld) == (READ, f"{WRITE} {DELETE}")
    assert stored.client_name == "Test client"
    assert stored.redirect_host == "127.0.0.1:53682"
    assert stored.owner.startswith("key:")
    assert stored.person.endswith("(Admin)")
    assert "consent by registered client: allowed" in caplog.text
    assert KEY not in caplog.text + stored.owner + stored.person + page.text


async def test_first_step_says_who_asks_and_for_what() -> None:
    """The name is only what the client says of itself, and the answer stays on this computer."""
    async with hosting() as door:
        page = await begun(door)

    text = text_of(page)
    assert "An application that says its name is “ Test client ”" in text
    assert "Nobody vouches for that name" in text
    assert "127.0.0.1:53682, this computer" in text
    assert "Any program here could be asking under this name" in text
    for words in ("Read See sessions", "Create and change Send", "Delete Delete users"):
        assert words in text
    assert '<input type="password" id="key" name="api_key"' in page.text


WHERE = {
    "https://agent.example.com/callback?x=1": ("agent.example.com", False, False),
    "http://localhost:8787/callback": ("localhost:8787, this computer", True, False),
    "http://[::1]:9/callback": ("[::1]:9, this computer", True, False),
    "cursor://anysphere.cursor-mcp/oauth/callback": (
        "an app on this device (cursor:)",
        False,
        True,
    ),
}


@pytest.mark.parametrize(("address", "expected"), WHERE.items(), ids=WHERE)
async def test_first_step_says_where_the_answer_goes(
    address: str, expected: tuple[str, bool, bool]
) -> None:
    """A host, this computer, or an app: with a warning where any program could be behind it."""
    place, local, app = expected
    async with hosting() as door:
        page = await begun(door, redirect_uri=address)

    text = text_of(page)
    assert f"Sends you to {place}" in text
    assert ("The answer goes to a program on this computer" in text) is local
    assert ("The answer goes to an app on this device" in text) is app


async def test_deleting_is_ticked_on_purpose() -> None:
    """What was asked for is ticked beforehand, except deleting."""
    async with hosting() as door:
        page = await proven(door)

    assert offered(page) == [READ, WRITE, DELETE]
    assert ticked(page) == [READ, WRITE]


@pytest.mark.parametrize("asked", [READ, f"{WRITE} {READ}", DELETE])
async def test_only_what_was_asked_is_offered(asked: str) -> None:
    """A client gets no more than it asked for, whatever a person ticks."""
    async with hosting() as door:
        page = await proven(door, scope=asked)
        answer = await submitted(door.client, page, {"scope": ALL_SCOPES.split()}, button="allow")

    assert offered(page) == sorted(asked.split(), key=ALL_SCOPES.split().index)
    assert answer.status_code == 400
    assert "more than was asked for" in answer.text


LEVELS = {
    "na1.sandbox-standard": "Standard: it reads sessions",
    "na1.sandbox-architect": "Architect: it cannot manage webhooks",
    "na1.sandbox-admin": "Admin: it can do everything that you allow",
}


@pytest.mark.parametrize(("key", "words"), LEVELS.items())
async def test_second_step_says_what_the_key_can_do(key: str, words: str) -> None:
    """The level is Fullstory's own answer; the key is named by region and fingerprint alone."""
    async with hosting() as door:
        page = await proven(door, key)

    assert words in text_of(page)
    assert "Region na1, fingerprint " in text_of(page)
    assert key not in page.text


async def test_a_role_that_nobody_knows_counts_as_the_least() -> None:
    """Doubt means Standard, and the page says so."""
    async with hosting(transport=Api(role="WIZARD")) as door:
        page = await proven(door)
        answer = await submitted(door.client, page, {"scope": [READ]}, button="allow")
        stored = await _only_connection(door)

    assert "unknown here, so it counts as Standard" in text_of(page)
    assert redirected(answer)["code"]
    assert stored.person.endswith("(Standard)")


async def test_a_server_that_only_reads_says_so() -> None:
    """Nobody should think that they allowed what the operator did not."""
    async with hosting(FULLSTORY_MCP_READ_ONLY="true") as door:
        page = await proven(door)
        reading = await proven(door, scope=READ)

    assert "only reads for now" in text_of(page)
    assert "only reads for now" not in text_of(reading)


async def test_nothing_ticked_is_asked_again() -> None:
    """An empty grant is no grant; the boxes stay as the person left them."""
    async with hosting() as door:
        page = await proven(door)
        again = await submitted(door.client, page, {}, button="allow")
        answer = await submitted(door.client, again, {"scope": [READ]}, button="allow")

    assert again.status_code == 422
    assert "Tick at least one" in text_of(again)
    assert 'aria-describedby="scope-fault"' in again.text
    assert ticked(again) == []
    assert redirected(answer)["code"]


@pytest.mark.parametrize("step", [1, 2])
async def test_cancel_tells_the_client(step: int) -> None:
    """At either step; the request is closed and no key is kept."""
    async with hosting() as door:
        page = await begun(door) if step == 1 else await proven(door)
        answer = await submitted(door.client, page, {}, button="cancel")
        after = await door.client.get(str(page.url))
        visit = await door.client.get("/connections")

    told = redirected(answer)
    assert told["error"] == "access_denied"
    assert told["state"] == "state-1"
    assert told["iss"] == "https://mcp.example.com"
    assert "code" not in told
    assert "already answered" in after.text
    assert "First show who you are" in visit.text


async def test_another_key_can_be_used() -> None:
    """Going back forgets the key that was pasted."""
    async with hosting() as door:
        page = await proven(door, "na1.sandbox-standard")
        answer = await submitted(door.client, page, {}, button="back")
        first = await door.client.get(answer.headers["location"])
        second = await shown_key(door, first, "na1.sandbox-admin")

    assert "Step 1 of 2" in first.text
    assert "Admin: it can do everything" in text_of(second)


async def test_consent_is_asked_every_time() -> None:
    """A client that this person already connected is asked about like any other."""
    async with hosting() as door:
        client = (await door.registered())["client_id"]
        await door.consented(client)
        answer = await door.client.get("/authorize", params=door.question(client))
        page = await door.client.get(answer.headers["location"])

    assert answer.status_code == 303
    assert "Step 1 of 2" in page.text
    assert "api_key" in page.text


async def test_two_requests_of_one_browser_do_not_mix() -> None:
    """Two tabs are two requests, each with its own key and its own answer."""
    async with hosting() as door:
        one = await begun(door, name="One")
        two = await begun(door, name="Two", state="state-2")
        one = await shown_key(door, one, "na1.sandbox-standard")
        two = await shown_key(door, two, "na1.sandbox-admin")
        last = await submitted(door.client, two, {"scope": [READ]}, button="allow")
        first = await submitted(door.client, one, {"scope": [READ]}, button="allow")

    assert redirected(first)["state"] == "state-1"
    assert redirected(last)["state"] == "state-2"
    assert "Standard: " in text_of(one)


async def test_what_the_client_sent_is_in_no_address_of_ours() -> None:
    """Challenge, state and redirect URI stay in the database: histories and logs learn nothing."""
    async with hosting() as door:
        client = (await door.registered())["client_id"]
        answer = await door.client.get("/authorize", params=door.question(client))

    address = httpx.URL(answer.headers["location"])
    assert set(address.params) == {"request"}
    assert address.path == "/consent"


async def _only_connection(door: Door) -> connections.Connection:
    """The one connection that there is, found through the visit that a consent begins."""
    page = await door.client.get("/connections")
    row = page.text.split('name="connection" value="')[1].split('"')[0]
    found = await door.shared.database.read(connections.find, row)
    assert found is not None
    return found
