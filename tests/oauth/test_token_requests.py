"""What the token endpoint reads, what it writes to the log, and what is left in the database."""

import logging
from urllib.parse import urlencode

import pytest

from databases import away
from fullstory_mcp.storage.tables import metadata
from oauth.harness import VERIFIER, hosting
from oauth.issuing import error_of, issued, redeemed, redeeming

pytestmark = pytest.mark.anyio

BODIES = {
    "json": (b'{"grant_type":"authorization_code"}', "application/json", 400),
    "multipart": (b"--x\r\n", "multipart/form-data; boundary=x", 400),
    "no type": (b"grant_type=authorization_code", None, 400),
    "not UTF-8": (b"grant_type=%ff", "application/x-www-form-urlencoded", 400),
    "bare bytes": (b"grant_type=\xff", "application/x-www-form-urlencoded", 400),
    "too many": (b"a=1&" * 60, "application/x-www-form-urlencoded", 400),
    "too long": (b"a=" + b"b" * 17_000, "application/x-www-form-urlencoded", 413),
    "nothing": (b"", "application/x-www-form-urlencoded", 400),
}


@pytest.mark.parametrize(("body", "kind", "status"), BODIES.values(), ids=BODIES)
async def test_only_a_small_form_is_read(body: bytes, kind: str | None, status: int) -> None:
    """RFC 6749 section 4.1.3; at most 16 KB."""
    async with hosting() as door:
        headers = {"Content-Type": kind} if kind else {}
        answer = await door.client.post("/token", content=body, headers=headers)

    assert error_of(answer) == (status, "invalid_request")


async def test_nothing_is_read_from_the_query() -> None:
    """Addresses end up in logs; GET is not answered at all."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        query = urlencode(redeeming(door, client_id, await issued(door, client_id)))
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        posted = await door.client.post(f"/token?{query}", headers=form)
        got = await door.client.get(f"/token?{query}")

    assert error_of(posted) == (400, "invalid_request")
    assert got.status_code == 405


async def test_behind_a_proxy_that_ends_tls_tokens_are_given_out() -> None:
    """The public address is the setting's; what the proxy calls us does not matter."""
    public = "https://example.com/tools/fullstory"
    async with hosting(FULLSTORY_MCP_PUBLIC_URL=public) as door:
        client_id = (await door.registered())["client_id"]
        form = redeeming(door, client_id, await issued(door, client_id))
        inside = {"Host": "example.com", "X-Forwarded-Proto": "https"}
        answer = await door.client.post("http://10.0.0.5:8080/token", data=form, headers=inside)

    assert answer.status_code == 200


async def test_while_the_database_is_away_nothing_is_lost(database_url: str) -> None:
    """503, come again; then the same code is as good as before."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        code = await issued(door, client_id)
        with away(database_url):
            refused = await redeemed(door, client_id, code)
        answer = await redeemed(door, client_id, code)

    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in refused.headers["access-control-expose-headers"]
    assert answer.status_code == 200


async def test_no_token_code_or_verifier_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not even at debug level, at which authlib would write whole tokens."""
    caplog.set_level(logging.DEBUG)
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        code = await issued(door, client_id)
        tokens = (await redeemed(door, client_id, code)).json()
        await redeemed(door, client_id, code)
        await door.token(
            grant_type="refresh_token",
            client_id=client_id,
            refresh_token=tokens["refresh_token"],
        )
        await door.token(grant_type="refresh_token", client_id="nobody", refresh_token="x")
        await door.client.post("/revoke", json={})

    secrets = (code, VERIFIER, tokens["access_token"], tokens["refresh_token"])
    assert not [secret for secret in secrets if secret in caplog.text]
    lines = [record.message for record in caplog.records if record.name == "fullstory_mcp.oauth"]
    assert lines[1:] == [
        "token by registered client: issued",
        "token by registered client: replayed",
        "refresh by registered client: invalid_grant",
        "refresh by unknown client: invalid_client",
        "revoke by unknown client: invalid_request",
    ]


async def test_the_database_has_nothing_that_could_be_used(database_url: str) -> None:
    """Codes, tokens and secrets are there as hashes alone, and the kept answer sealed."""
    async with hosting(database_url) as door:
        client = await door.registered(token_endpoint_auth_method="client_secret_post")
        code = await issued(door, client["client_id"])
        secret = client["client_secret"]
        tokens = (await redeemed(door, client["client_id"], code, client_secret=secret)).json()
        answer = await door.token(
            grant_type="refresh_token",
            client_id=client["client_id"],
            client_secret=secret,
            refresh_token=tokens["refresh_token"],
        )
        with door.shared.database.begin() as tx:
            rows = [
                str(row) for table in metadata.sorted_tables for row in tx.execute(table.select())
            ]

    stored = "\n".join(rows)
    texts = [code, secret, *tokens.values(), *answer.json().values()]
    handed = [text for text in texts if str(text).startswith("fsmcp_") or text == secret]
    assert len(handed) == 6
    assert not [text for text in handed if text in stored]
