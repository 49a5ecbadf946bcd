"""How long a sign-in with the organisation counts: its provider is asked only at the sign-in itself."""

from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from oauth.consenting import text_of
from oauth.harness import Door, followed, hosting, redirected, submitted
from oauth.identity_provider import IdentityProvider
from oauth.issuing import error_of, granted, refreshed, works
from oauth.organisation import organisation, sent_to

pytestmark = pytest.mark.anyio

DAY = 24 * 3600


async def signed_in(door: Door, at: IdentityProvider) -> dict[str, Any]:
    """Tokens of a connection of somebody who signed in, with `client_id` beside them."""
    client = (await door.registered())["client_id"]
    begun = await door.client.get("/authorize", params=door.question(client))
    there = await sent_to(door, await followed(door.client, begun))
    page = await followed(door.client, await door.client.get(at.sign_in(there)))
    answer = await submitted(door.client, page, {"scope": ["fullstory:read"]}, button="allow")
    tokens = await door.redeemed(client, redirected(answer)["code"])
    assert tokens.status_code == 200, tokens.text
    return {**tokens.json(), "client_id": client}


async def kept_up(door: Door, tokens: dict[str, Any]) -> httpx.Response:
    """A refresh of that connection."""
    return await refreshed(door, tokens["client_id"], tokens["refresh_token"])


async def test_a_sign_in_counts_thirty_days_however_much_it_is_used(database_url: str) -> None:
    """Whoever the provider no longer knows is out then, at the latest; the person reads why."""
    async with organisation(database_url) as (door, at):
        tokens = await signed_in(door, at)
        at.away = ("/.well-known/openid-configuration", "/token", "/keys")
        for _ in range(2):
            door.clock.time += 14 * DAY
            answer = await kept_up(door, tokens)
            tokens |= answer.json()
        door.clock.time += 2 * DAY
        refused = await kept_up(door, tokens)
        at.away = ()
        there = await sent_to(door, await door.client.get("/connections"))
        page = await followed(door.client, await door.client.get(at.sign_in(there)))

        assert answer.status_code == 200
        assert error_of(refused) == (400, "invalid_grant")
        assert not await works(door, tokens["access_token"])
    assert "The sign-in was too long ago. Connect again and sign in." in text_of(page)


async def test_page_says_that_a_sign_in_is_over_before_anyone_refreshes() -> None:
    """A connection that nobody uses any more does not stand there as if it worked."""
    async with organisation() as (door, at):
        await signed_in(door, at)
        door.clock.time += 30 * DAY
        there = await sent_to(door, await door.client.get("/connections"))
        page = await followed(door.client, await door.client.get(at.sign_in(there)))

    assert "The sign-in was too long ago. Connect again and sign in." in text_of(page)


async def test_no_access_token_outlives_the_sign_in(database_url: str) -> None:
    """One that is given out just before holds for the rest alone, and says so."""
    async with organisation(database_url) as (door, at):
        tokens = await signed_in(door, at)
        door.clock.time += 30 * DAY - 100
        last = (await kept_up(door, tokens)).json()
        door.clock.time += 99
        before = await works(door, last["access_token"])
        door.clock.time += 1
        after = await works(door, last["access_token"])

    assert tokens["expires_in"] == 3600
    assert last["expires_in"] == 100
    assert (before, after) == (True, False)


async def test_signing_in_again_begins_anew() -> None:
    """A new connection counts from its own sign-in."""
    async with organisation() as (door, at):
        await signed_in(door, at)
        door.clock.time += 29 * DAY
        tokens = await signed_in(door, at)
        door.clock.time += 29 * DAY

        assert (await kept_up(door, tokens)).status_code == 200


async def test_the_operator_says_how_long(tmp_path: Path) -> None:
    """It also counts for what was connected before the setting was changed."""
    async with organisation(folder=tmp_path) as (door, at):
        tokens = await signed_in(door, at)
        url = door.shared.database.url.render_as_string(hide_password=False)
        async with hosting(url, clock=door.clock, FULLSTORY_MCP_SIGN_IN_DAYS="7") as stricter:
            door.clock.time += 7 * DAY - 1
            last = await kept_up(stricter, tokens)
            tokens |= last.json()
            door.clock.time += 1
            refused = await kept_up(stricter, tokens)

    assert last.status_code == 200
    assert error_of(refused) == (400, "invalid_grant")


async def test_a_pasted_key_has_no_such_end() -> None:
    """Fullstory itself is asked about the key at every call."""
    async with hosting(FULLSTORY_MCP_SIGN_IN_DAYS="1") as door:
        client = (await door.registered())["client_id"]
        tokens = await granted(door, client)
        for _ in range(3):
            door.clock.time += 20 * DAY
            answer = await refreshed(door, client, tokens["refresh_token"])
            tokens = answer.json()

    assert answer.status_code == 200
    assert tokens["expires_in"] == 3600
