"""Clients known by a document at their own address, at the token endpoint."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2 as httpx
import pytest
from joserfc.jwk import ECKey

from oauth.assertions import KEY, by_key, signed
from oauth.harness import REDIRECT_URI, Door, hosting
from oauth.issuing import error_of, granted, refreshed, works
from oauth.outside import Outside, Page

pytestmark = pytest.mark.anyio

CLIENT_ID = "https://app.example.com/oauth/client.json"
KEYS_URL = "https://app.example.com/oauth/keys.json"
OTHER_KEY = ECKey.generate_key("P-256", parameters={"kid": "two"})
DAY = 24 * 3600


def internet(method: str, *keys: Any) -> Outside:
    """A host with a client's document and its keys."""
    document: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "client_name": "App",
        "redirect_uris": [REDIRECT_URI],
        "token_endpoint_auth_method": method,
    }
    if method == "private_key_jwt":
        document["jwks_uri"] = KEYS_URL
    public = [key.as_dict(private=False) for key in keys]
    return Outside({CLIENT_ID: Page(document), KEYS_URL: Page({"keys": public})})


@asynccontextmanager
async def before(outside: Outside, database_url: str | None = None) -> AsyncIterator[Door]:
    """A server in that internet."""
    async with hosting(database_url, outside=outside.transport, resolve=outside.resolve) as door:
        yield door


async def test_a_client_signs_with_the_keys_at_its_address(database_url: str) -> None:
    """As ChatGPT's shared document says of itself."""
    async with before(internet("private_key_jwt", KEY), database_url) as door:
        right = await by_key(door, CLIENT_ID, signed(CLIENT_ID))
        wrong = await by_key(door, CLIENT_ID, signed(CLIENT_ID, OTHER_KEY))

    assert right.status_code == 200
    assert error_of(wrong) == (401, "invalid_client")


async def asked(door: Door, tokens: dict[str, Any]) -> httpx.Response:
    """A refresh of the client."""
    return await refreshed(door, CLIENT_ID, tokens["refresh_token"])


@pytest.mark.parametrize(
    "trouble",
    [Page(status=500), Page(error=httpx.ConnectError), Page(b"<html>")],
    ids=["500", "gone", "no JSON"],
)
async def test_a_document_that_cannot_be_had_costs_no_connection(
    database_url: str, trouble: Page
) -> None:
    """After a day 503, come again: told to register anew, a client would throw its tokens away."""
    outside = internet("none")
    async with before(outside, database_url) as door:
        tokens = await granted(door, CLIENT_ID)
        page, outside.pages[CLIENT_ID] = outside.pages[CLIENT_ID], trouble
        door.clock.time += 2 * DAY
        refused = await asked(door, tokens)
        outside.pages[CLIENT_ID] = page
        door.clock.time += int(refused.headers["retry-after"])
        answer = await asked(door, tokens)

        assert error_of(refused) == (503, "temporarily_unavailable")
        assert answer.status_code == 200
        assert await works(door, answer.json()["access_token"])


async def test_an_address_that_no_document_could_have_is_an_unknown_client() -> None:
    """Nothing is fetched for it."""
    outside = internet("none")
    async with before(outside) as door:
        answer = await door.token(
            grant_type="refresh_token", client_id="https://app.example.com", refresh_token="x"
        )

    assert error_of(answer) == (401, "invalid_client")
    assert outside.requests == []
