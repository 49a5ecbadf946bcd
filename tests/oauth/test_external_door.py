"""The organisation's own access tokens before the running server."""

from collections.abc import AsyncIterator

import pytest

from oauth.harness import Door, hosting, result_of
from oauth.issuer import ACCESS, EXTERNAL, ISSUER, JWKS_URL, Issuer
from oauth.outside import Page
from support import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
def issuer() -> Issuer:
    """The organisation's authorization server."""
    return Issuer(Clock())


@pytest.fixture
async def door(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """A hosted server that takes that issuer's tokens, with two named keys."""
    monkeypatch.setenv("SUPPORT_KEY", "na1.sandbox-admin")
    monkeypatch.setenv("READER_KEY", "na1.sandbox-standard")
    async with hosting(
        access=ACCESS,
        outside=issuer.outside.transport,
        resolve=issuer.outside.resolve,
        clock=issuer.clock,
        **EXTERNAL,
    ) as running:
        yield running


async def test_clients_are_told_where_to_get_a_token(door: Door) -> None:
    """The issuer is the authorization server, and this server offers no endpoints of one."""
    told = await door.client.get("/.well-known/oauth-protected-resource/mcp")
    assert told.json()["authorization_servers"] == [ISSUER]

    assert (await door.mcp(None, "tools/list")).status_code == 401
    for path in ("/authorize", "/token", "/register"):
        assert (await door.client.get(path)).status_code == 404


async def test_a_good_token_calls_with_the_named_key(door: Door, issuer: Issuer) -> None:
    """The key is the operator's, and no page was ever shown."""
    called = await door.call(issuer.token(), "get_quotas")

    assert called.status_code == 200
    assert not result_of(called).get("isError")
    assert door.sandbox.requests[-1].path != "/me"


async def test_the_files_ceiling_counts_over_the_keys_own_level(door: Door, issuer: Issuer) -> None:
    """An Admin key that the file leaves at Standard neither shows nor does what needs more."""
    token = issuer.token(scope="fs.all")

    listed = result_of(await door.mcp(token, "tools/list"))
    called = result_of(await door.call(token, "list_users"))

    names = {tool["name"] for tool in listed["tools"]}
    assert "create_event" in names
    assert names.isdisjoint({"list_users", "delete_user", "create_webhook_endpoint"})
    assert called["isError"]
    assert "needs an Architect key" in called["content"][0]["text"]


async def test_a_token_that_is_no_good_gets_401(door: Door, issuer: Issuer) -> None:
    """The client is sent to get another, and told nothing about the reason."""
    answer = await door.call(issuer.token(aud="https://other.example.com"), "get_quotas")

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert "other.example.com" not in answer.text


async def test_somebody_unknown_gets_403_with_words(door: Door, issuer: Issuer) -> None:
    """Another token would not help, so the client is not sent to get one."""
    answer = await door.call(issuer.token(email="eve@example.com"), "get_quotas")

    assert answer.status_code == 403
    assert "does not know eve@example.com" in answer.text
    assert "www-authenticate" not in answer.headers


async def test_a_scope_that_the_token_lacks_is_asked_for(door: Door, issuer: Issuer) -> None:
    """Where the file would allow it, the client gets a challenge that names all it needs."""
    answer = await door.call(issuer.token(scope=None), "get_quotas")

    assert answer.status_code == 403
    assert 'scope="fullstory:read"' in answer.headers["www-authenticate"]


async def test_an_issuer_that_is_down_is_nobodys_fault(door: Door, issuer: Issuer) -> None:
    """503 until its keys can be had, so that clients keep their tokens."""
    issuer.outside.pages[JWKS_URL] = Page({}, 503)
    token = issuer.token()
    assert (await door.call(token, "get_quotas")).status_code == 503

    issuer.publish()
    issuer.clock.time += 10
    assert (await door.call(token, "get_quotas")).status_code == 200


async def test_a_confirmation_is_of_one_person_and_client(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another who uses the same key cannot bring it, nor the same person through another client."""
    monkeypatch.setenv("SUPPORT_KEY", "na1.sandbox-admin")
    people = '[keys.support]\nenv = "SUPPORT_KEY"\n[[people]]\ngroup = "admins"\nkey = "support"\n'
    usual = {"scope": "fullstory:read fullstory:delete", "groups": ["admins"]}
    at = issuer.outside
    async with hosting(
        access=people, outside=at.transport, resolve=at.resolve, clock=issuer.clock, **EXTERNAL
    ) as door:

        async def deletes(confirmation: str = "", **claims: str) -> str:
            given = {"id": "1", **({"confirmation": confirmation} if confirmation else {})}
            answer = await door.call(issuer.token(**usual, **claims), "delete_user", **given)
            return result_of(answer)["content"][0]["text"]

        stated = (await deletes()).partition('confirmation: "')[2].partition('"')[0]
        assert stated
        other_person = await deletes(stated, sub="u-2")
        other_client = await deletes(stated, client_id="another")
        own = await deletes(stated, iat=int(issuer.clock()) - 1)

    assert "the confirmation does not hold" in other_person
    assert "the confirmation does not hold" in other_client
    assert "the confirmation does not hold" not in own
    assert [one.method for one in door.sandbox.requests].count("DELETE") == 1


async def test_what_the_operator_denies_is_told_and_asked_of_nobody(
    door: Door, issuer: Issuer
) -> None:
    """Where the access file leaves a key only reading, a write is a refusal, not a call for consent."""
    token = issuer.token(email=None, groups=["readers"], scope="fs.all")
    listed = result_of(await door.mcp(token, "tools/list"))
    answer = await door.call(token, "create_user", uid="u-1")

    assert "create_user" not in {tool["name"] for tool in listed["tools"]}
    assert answer.status_code == 200
    text = result_of(answer)["content"][0]["text"]
    assert "does not leave fullstory:write" in text
