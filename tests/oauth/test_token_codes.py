"""A code becomes tokens once, for the client, the address, the resource and the proof it is bound to."""

import base64
import hashlib
from typing import Any

import anyio
import httpx2 as httpx
import pytest

from oauth.harness import REDIRECT_URI, VERIFIER, Door, hosting
from oauth.issuing import error_of, issued, redeemed, redeeming, works

pytestmark = pytest.mark.anyio


async def test_a_code_becomes_tokens(database_url: str) -> None:
    """Opaque bearer tokens, told to the client alone and kept by nobody on the way."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        answer = await redeemed(door, client_id, await issued(door, client_id))
        tokens = answer.json()
        working = await works(door, tokens["access_token"])

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "scope"}
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["scope"] == "fullstory:read fullstory:write"
    assert working


async def test_an_access_token_holds_as_long_as_it_says(database_url: str) -> None:
    """To the second."""
    async with hosting(database_url, FULLSTORY_MCP_ACCESS_MINUTES="5") as door:
        client_id = (await door.registered())["client_id"]
        tokens = (await redeemed(door, client_id, await issued(door, client_id))).json()
        door.clock.time += 299
        before = await works(door, tokens["access_token"])
        door.clock.time += 1
        after = await works(door, tokens["access_token"])

    assert tokens["expires_in"] == 300
    assert (before, after) == (True, False)


async def test_a_refresh_token_is_no_access_token() -> None:
    """It stands for nothing at /mcp."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        tokens = (await redeemed(door, client_id, await issued(door, client_id))).json()

        assert not await works(door, tokens["refresh_token"])


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "no code": ({"code": None}, "invalid_request"),
    "empty code": ({"code": ""}, "invalid_request"),
    "unknown code": ({"code": "fsmcp_ac_unknown"}, "invalid_grant"),
    "overlong code": ({"code": "c" * 2001}, "invalid_request"),
    "code with a null byte": ({"code": "a\x00"}, "invalid_request"),
    "no verifier": ({"code_verifier": None}, "invalid_request"),
    "wrong verifier": ({"code_verifier": "w" * 43}, "invalid_grant"),
    "the challenge as verifier": ({"code_verifier": "CHALLENGE"}, "invalid_grant"),
    "short verifier": ({"code_verifier": VERIFIER[:42]}, "invalid_request"),
    "long verifier": ({"code_verifier": "v" * 129}, "invalid_request"),
    "verifier of other characters": ({"code_verifier": "+" * 43}, "invalid_request"),
    "no redirect URI": ({"redirect_uri": None}, "invalid_grant"),
    "another redirect URI": ({"redirect_uri": "http://127.0.0.1:1/callback"}, "invalid_grant"),
    "foreign resource": ({"resource": "https://other.example/mcp"}, "invalid_target"),
    "two resources, one foreign": (
        {"resource": ["https://mcp.example.com/mcp", "https://other.example/mcp"]},
        "invalid_target",
    ),
    "no grant type": ({"grant_type": None}, "invalid_request"),
    "unknown grant type": ({"grant_type": "password"}, "unsupported_grant_type"),
    "client credentials": ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    "odd grant type": ({"grant_type": '"<script>'}, "unsupported_grant_type"),
    "two codes": ({"code": ["a", "b"]}, "invalid_request"),
    "two verifiers": ({"code_verifier": [VERIFIER, VERIFIER]}, "invalid_request"),
    "two clients": ({"client_id": ["a", "b"]}, "invalid_request"),
    "two grant types": ({"grant_type": ["authorization_code"] * 2}, "invalid_request"),
    "two redirect URIs": ({"redirect_uri": [REDIRECT_URI] * 2}, "invalid_request"),
    "an unknown parameter twice": ({"anything": ["a", "b"]}, "invalid_request"),
}


@pytest.mark.parametrize(("changes", "error"), CHANGES.values(), ids=CHANGES)
async def test_what_is_wrong_is_refused_and_costs_the_code_nothing(
    changes: dict[str, Any], error: str
) -> None:
    """The client may mend its request; what it sent is not repeated to it."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        code = await issued(door, client_id)
        if changes.get("code_verifier") == "CHALLENGE":
            digest = hashlib.sha256(VERIFIER.encode()).digest()
            changes = {"code_verifier": base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}
        refused = await redeemed(door, client_id, code, **changes)
        mended = await redeemed(door, client_id, code)

    assert error_of(refused) == (400, error)
    assert "<script>" not in refused.text
    assert refused.headers["cache-control"] == "no-store"
    assert mended.status_code == 200


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_a_secret_does_not_stand_in_for_the_proof(method: str) -> None:
    """PKCE is asked of confidential clients too (a library of the trade asks public ones alone)."""
    async with hosting() as door:
        client = await door.registered(token_endpoint_auth_method=method)
        code = await issued(door, client["client_id"])
        form = {**redeeming(door, client["client_id"], code), "code_verifier": ""}
        given = {}
        if method == "client_secret_post":
            form["client_secret"] = client["client_secret"]
        else:
            given["auth"] = (client["client_id"], client["client_secret"])
        answer = await door.client.post("/token", data=form, **given)

    assert error_of(answer) == (400, "invalid_request")


async def test_resource_may_be_left_out_and_differ_by_a_slash() -> None:
    """Older clients do not name it; it is bound all the same."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        one = await redeemed(door, client_id, await issued(door, client_id), resource=None)
        other = await redeemed(
            door,
            client_id,
            await issued(door, client_id),
            resource="https://MCP.example.com/mcp/",
        )

    assert (one.status_code, other.status_code) == (200, 200)


async def test_the_address_may_be_left_out_where_it_was_left_out() -> None:
    """And must be the one that was used where it is named (RFC 6749, section 4.1.3)."""
    async with hosting() as door:
        client_id = (await door.registered())["client_id"]
        code = await issued(door, client_id, redirect_uri_given=False)
        foreign = await redeemed(door, client_id, code, redirect_uri="https://evil.example/")
        absent = await redeemed(door, client_id, code, redirect_uri=None)

    assert error_of(foreign) == (400, "invalid_grant")
    assert absent.status_code == 200


async def test_a_code_of_another_client_is_unknown(database_url: str) -> None:
    """And stays good for its own."""
    async with hosting(database_url) as door:
        mine = (await door.registered())["client_id"]
        other = (await door.registered())["client_id"]
        code = await issued(door, mine)
        refused = await redeemed(door, other, code)
        answer = await redeemed(door, mine, code)

    assert error_of(refused) == (400, "invalid_grant")
    assert answer.status_code == 200


async def test_a_code_holds_for_a_minute(database_url: str) -> None:
    """Expired, it is as unknown as any."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        late, in_time = await issued(door, client_id), await issued(door, client_id)
        door.clock.time += 59
        answer = await redeemed(door, client_id, in_time)
        door.clock.time += 1
        refused = await redeemed(door, client_id, late)

    assert answer.status_code == 200
    assert error_of(refused) == (400, "invalid_grant")


async def test_a_replayed_code_ends_what_it_gave(database_url: str) -> None:
    """Somebody else has the code and its proof: nobody keeps what came of it (RFC 6749, 4.1.2)."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        code = await issued(door, client_id)
        tokens = (await redeemed(door, client_id, code)).json()
        replayed = await redeemed(door, client_id, code)
        working = await works(door, tokens["access_token"])
        again = await door.token(
            grant_type="refresh_token",
            client_id=client_id,
            refresh_token=tokens["refresh_token"],
        )

    assert error_of(replayed) == (400, "invalid_grant")
    assert not working
    assert error_of(again) == (400, "invalid_grant")


async def test_a_used_code_without_its_proof_ends_nothing(database_url: str) -> None:
    """Who only saw the code in a log must not be able to throw people out."""
    async with hosting(database_url) as door:
        client_id = (await door.registered())["client_id"]
        code = await issued(door, client_id)
        tokens = (await redeemed(door, client_id, code)).json()
        await redeemed(door, client_id, code, code_verifier="w" * 43)

        assert await works(door, tokens["access_token"])


async def test_of_many_at_once_on_two_replicas_one_gets_tokens(database_url: str) -> None:
    """Claimed in one statement, whichever replica asks."""
    answers: list[httpx.Response] = []
    async with hosting(database_url) as door, hosting(database_url, clock=door.clock) as other:
        client_id = (await door.registered())["client_id"]
        code = await issued(door, client_id)

        async def redeem(replica: Door) -> None:
            answers.append(await redeemed(replica, client_id, code))

        async with anyio.create_task_group() as tasks:
            for replica in (door, other) * 3:
                tasks.start_soon(redeem, replica)

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
