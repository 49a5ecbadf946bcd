"""Sign in with the organisation: a person gets the key that the operator's file gives them."""

import logging
from typing import Any

import httpx2 as httpx
import pytest

from oauth.harness import followed, hosting, redirected, submitted
from oauth.identity_provider import (
    CLIENT_SECRET,
    SETTINGS,
    altered,
    unsigned,
    without,
)
from oauth.organisation import KEY, at_the_provider, link_on, organisation, sent_to

pytestmark = pytest.mark.anyio

READ_WRITE = ["fullstory:read", "fullstory:write"]


async def test_person_gets_the_key_that_the_file_gives_them(database_url: str) -> None:
    """Signed in, they choose what to allow, and never see or need the key itself."""
    async with organisation(database_url) as (door, at):
        back = await door.client.get(at.sign_in(await at_the_provider(door)))
        page = await followed(door.client, back)
        answer = await submitted(door.client, page, {"scope": READ_WRITE}, button="allow")
        given = redirected(answer)
        shown = await door.client.get("/connections")

    assert "ada@example.com" in page.text
    assert "“support”" in page.text
    assert "Standard: it reads sessions" in page.text
    # The operator's key is not for deleting, whatever the client asks.
    assert 'value="fullstory:delete"' not in page.text
    assert "It also asked to delete" in page.text
    assert KEY not in page.text
    assert given["code"]
    assert "ada@example.com" in shown.text


async def test_token_of_a_signed_in_person_works() -> None:
    """The connection reaches Fullstory with the operator's key."""
    async with organisation() as (door, at):
        client = (await door.registered())["client_id"]
        begun = await door.client.get("/authorize", params=door.question(client))
        there = await sent_to(door, await followed(door.client, begun))
        page = await followed(door.client, await door.client.get(at.sign_in(there)))
        answer = await submitted(door.client, page, {"scope": ["fullstory:read"]}, button="allow")
        tokens = await door.redeemed(client, redirected(answer)["code"])
        called = await door.call(tokens.json()["access_token"], "get_me")

    assert called.status_code == 200, called.text
    assert door.sandbox.requests[-1].path == "/me"


async def test_connections_are_shown_to_a_person_who_signs_in() -> None:
    """`/connections` has its own sign-in; nobody asked for anything there."""
    async with organisation() as (door, at):
        page = await door.client.get("/connections")
        back = await door.client.get(at.sign_in(await sent_to(door, page)))
        shown = await followed(door.client, back)

    assert "Nothing is connected" in shown.text
    assert "ada@example.com" in shown.text


async def test_rolled_keys_of_the_provider_are_fetched_again() -> None:
    """A provider that signs with a new key needs no restart of ours."""
    async with organisation() as (door, at):
        await door.client.get(at.sign_in(await at_the_provider(door)))
        at.kid, at.published = "second", ("first", "second")
        back = await door.client.get(at.sign_in(await at_the_provider(door)))

    assert back.status_code == 303
    assert at.requests.count("/keys") == 2
    assert at.requests.count("/.well-known/openid-configuration") == 1


FALSE: dict[str, dict[str, Any]] = {
    "a wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "another issuer in the ID token": {"claims": {"iss": "https://evil.example.com"}},
    "another audience": {"claims": {"aud": "somebody-else"}},
    "another audience, us as the party": {
        "claims": {"aud": "x", "azp": SETTINGS["FULLSTORY_MCP_OIDC_CLIENT_ID"]}
    },
    "another party": {"claims": {"azp": "somebody-else"}},
    "an expired ID token": {"claims": {"exp": 1_794_999_000}},
    "no expiry": {"claims": {"exp": None}},
    "no subject": {"person": {"email": "ada@example.com", "email_verified": True}},
    "a subject with a NUL": {"person": {"sub": "u\0ada"}},
    "a subject that is half a character": {"person": {"sub": "\ud800"}},
    "a subject longer than any": {"person": {"sub": "u" * 321}},
    "an e-mail address over two lines": {"person": {"sub": "u", "email": "a\n@example.com"}},
    "altered claims": {"forged": altered},
    "no signature": {"forged": unsigned},
    "no ID token": {"forged": without},
    "nonsense for an ID token": {"forged": lambda _: "nonsense"},
    "an unknown key": {"kid": "second"},
    "no token endpoint": {"away": ("/token",)},
    "no keys": {"away": ("/keys",)},
    "a page for a token": {"answers": {"/token": httpx.Response(200, text="<html>")}},
    "an error for a token": {"answers": {"/token": httpx.Response(500, text="down")}},
}


@pytest.mark.parametrize("provider", FALSE.values(), ids=FALSE)
async def test_an_answer_that_cannot_be_believed_signs_nobody_in(
    caplog: pytest.LogCaptureFixture, provider: dict[str, Any]
) -> None:
    """The person is told so with a way back, and the log names the kind of fault alone."""
    caplog.set_level(logging.DEBUG)
    async with organisation(**provider) as (door, at):
        back = await door.client.get(at.sign_in(await at_the_provider(door)))
        again = await followed(door.client, await door.client.get(link_on(back)))

    assert back.status_code == 502
    assert "The sign-in did not work" in back.text
    assert "Step 1 of 2" in again.text
    assert "A sign-in failed: " in caplog.text
    for secret in (CLIENT_SECRET, KEY, "opaque-at-the-provider", "eyJ"):
        assert secret not in back.text + caplog.text


AWAY: dict[str, dict[str, Any]] = {
    "away": {"away": ("/.well-known/openid-configuration",)},
    "another issuer's metadata": {"metadata": {"issuer": "https://evil.example.com"}},
    "metadata that is a page": {
        "answers": {"/.well-known/openid-configuration": httpx.Response(200, text="<html>")}
    },
    "metadata without an issuer": {
        "answers": {"/.well-known/openid-configuration": httpx.Response(200, json={})}
    },
    "metadata that is missing": {
        "answers": {"/.well-known/openid-configuration": httpx.Response(404)}
    },
    "metadata that is a list": {
        "answers": {"/.well-known/openid-configuration": httpx.Response(200, json=[])}
    },
}


@pytest.mark.parametrize("provider", AWAY.values(), ids=AWAY)
async def test_a_provider_that_is_not_itself_is_not_used(provider: dict[str, Any]) -> None:
    """The person stays here; a key can still be pasted."""
    async with organisation(**provider) as (door, _):
        client = (await door.registered())["client_id"]
        begun = await door.client.get("/authorize", params=door.question(client))
        page = await followed(door.client, begun)
        answer = await door.client.get(link_on(page))

    assert answer.status_code == 502
    assert "The sign-in did not work" in answer.text


CHANGED: dict[str, tuple[dict[str, str], int]] = {
    "refused by the provider": ({"code": "", "error": "access_denied"}, 403),
    "another error, with markup": ({"code": "", "error": "<b>x", "error_description": "<b>y"}, 403),
    "an answer of another issuer": ({"iss": "https://evil.example.com"}, 502),
    "an answer of nobody": ({"iss": ""}, 502),
    "no code": ({"code": ""}, 502),
    "another code": ({"code": "nonsense"}, 502),
    "no state": ({"state": ""}, 400),
    "another state": ({"state": "nonsense"}, 400),
}


@pytest.mark.parametrize(("changed", "status"), CHANGED.values(), ids=CHANGED)
async def test_a_changed_answer_signs_nobody_in(changed: dict[str, str], status: int) -> None:
    """What an attacker could put into the callback's address leads to a page of ours."""
    async with organisation() as (door, at):
        back = await door.client.get(at.sign_in(await at_the_provider(door), **changed))

    assert back.status_code == status
    assert "<b>" not in back.text


async def test_an_answer_counts_once_and_in_its_own_browser() -> None:
    """The callback's address is worth nothing to whoever sees it later or elsewhere."""
    async with organisation() as (door, at):
        address = at.sign_in(await at_the_provider(door))
        async with door.browser() as other:
            stolen = await other.get(address)
        first = await door.client.get(address)
        second = await door.client.get(address)

    assert stolen.status_code == 403
    assert first.status_code == 303
    assert second.status_code == 400


async def test_there_is_no_sign_in_where_no_provider_is_set() -> None:
    """The page offers a key alone, and the addresses do not exist."""
    async with hosting() as door:
        client = (await door.registered())["client_id"]
        begun = await door.client.get("/authorize", params=door.question(client))
        page = await followed(door.client, begun)
        answers = [await door.client.get(path) for path in ("/signin", "/signin/callback")]

    assert "Sign in with your organisation" not in page.text
    assert [answer.status_code for answer in answers] == [404, 404]
