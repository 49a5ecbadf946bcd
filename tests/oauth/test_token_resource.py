"""A token is for the server that its connection was made at, also where another shares the database."""

import pytest

from oauth.harness import hosting
from oauth.issuing import error_of, issued, redeemed, refreshed, works

pytestmark = pytest.mark.anyio

OTHER = {"FULLSTORY_MCP_PUBLIC_URL": "https://other.example.com"}


async def test_an_access_token_of_another_server_is_unknown(database_url: str) -> None:
    """The one that gave it out still takes it (RFC 8707)."""
    async with hosting(database_url) as door, hosting(database_url, **OTHER) as other:
        token = (await door.connect())["access_token"]
        there = await other.call(token, "get_me")
        here = await door.call(token, "get_me")

    assert (there.status_code, here.status_code) == (401, 200)
    assert 'error="invalid_token"' in there.headers["www-authenticate"]


async def test_a_refresh_token_of_another_server_is_unknown_and_unharmed(database_url: str) -> None:
    """No tokens of its own come of it."""
    async with hosting(database_url) as door, hosting(database_url, **OTHER) as other:
        tokens = await door.connect()
        there = await refreshed(other, tokens["client_id"], tokens["refresh_token"])
        here = await refreshed(door, tokens["client_id"], tokens["refresh_token"])

        assert error_of(there) == (400, "invalid_grant")
        assert here.status_code == 200
        assert await works(door, here.json()["access_token"])


async def test_a_code_of_another_server_is_unknown_and_unharmed(database_url: str) -> None:
    """Whether the client names a resource or none."""
    async with hosting(database_url) as door, hosting(database_url, **OTHER) as other:
        client = (await door.registered())["client_id"]
        code = await issued(door, client)
        there = await redeemed(other, client, code, resource=None)
        here = await redeemed(door, client, code)

    assert error_of(there) == (400, "invalid_grant")
    assert here.status_code == 200
