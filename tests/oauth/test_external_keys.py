"""The issuer's keys: found, fetched seldom, kept through a failure, and never without end."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2 as httpx
import pytest

from fullstory_mcp.oauth.external import ExternalTokens
from fullstory_mcp.oauth.issuer_keys import (
    APART_SECONDS,
    APART_WITHOUT_SECONDS,
    FRESH_SECONDS,
    MOST_BYTES,
    USABLE_SECONDS,
    KeysUnavailable,
)
from oauth.issuer import ACCESS, EXTERNAL, ISSUER, JWKS_URL, Issuer, key
from oauth.outside import Dripping, Page
from oauth.strangers import sharing
from support import Clock

pytestmark = pytest.mark.anyio

OPENID = f"{ISSUER}/.well-known/openid-configuration"
RFC_8414 = "https://login.example.com/.well-known/oauth-authorization-server/tenant"


@pytest.fixture
def issuer() -> Issuer:
    """An authorization server with one RSA key."""
    return Issuer(Clock())


@pytest.fixture
def tokens(tmp_path: Path, issuer: Issuer) -> Iterator[ExternalTokens]:
    """The verifier, which waits a twentieth of a second for a fetch."""
    with sharing(
        tmp_path, issuer.outside, access=ACCESS, clock=issuer.clock, seconds=0.05, **EXTERNAL
    ) as parts:
        yield ExternalTokens(parts)


def lasting(issuer: Issuer, **given: Any) -> str:
    """A token that is good for two days; each call makes another, so that none is remembered."""
    lasting.made += 1  # type: ignore[attr-defined] # counts its calls
    until = int(issuer.clock()) + 2 * USABLE_SECONDS
    return issuer.token(exp=until, jti=str(lasting.made), **given)  # type: ignore[attr-defined] # as above


lasting.made = 0  # type: ignore[attr-defined] # as above


async def test_the_keys_are_looked_up_in_the_issuers_metadata(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """Once for all tokens, without being resolved as a stranger's address is."""
    for _ in range(3):
        assert await tokens.verify(lasting(issuer)) is not None

    assert issuer.outside.asked() == [OPENID, JWKS_URL]
    assert issuer.outside.resolved == []


async def test_metadata_is_also_found_where_oauth_alone_puts_it(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """RFC 8414 puts the well-known part before the issuer's path."""
    issuer.outside.pages[RFC_8414] = issuer.outside.pages.pop(OPENID)

    assert await tokens.verify(issuer.token()) is not None
    assert issuer.outside.asked() == [OPENID, RFC_8414, JWKS_URL]


async def test_the_keys_address_can_be_set(tmp_path: Path, issuer: Issuer) -> None:
    """For issuers without metadata."""
    issuer.outside.pages = {"https://keys.internal/k": issuer.outside.pages[JWKS_URL]}
    named = {**EXTERNAL, "FULLSTORY_MCP_TOKEN_JWKS_URL": "https://keys.internal/k"}
    with sharing(tmp_path, issuer.outside, access=ACCESS, clock=issuer.clock, **named) as parts:
        assert await ExternalTokens(parts).verify(issuer.token()) is not None


@pytest.mark.parametrize(
    "pages",
    [
        {OPENID: Page({"issuer": "https://evil.example.com", "jwks_uri": JWKS_URL})},
        {OPENID: Page({"jwks_uri": JWKS_URL})},
        {OPENID: Page({"issuer": ISSUER})},
        {OPENID: Page({"issuer": ISSUER, "jwks_uri": "http://keys.example.com/jwks"})},
        {OPENID: Page({"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"})},
        {OPENID: Page({}, 404)},
        {OPENID: Page([])},
        {JWKS_URL: Page({}, 302, {"location": "https://evil.example.com/jwks"})},
        {JWKS_URL: Page(Dripping(b" " * 65_536, 10_000))},
        {JWKS_URL: Page({}, wait=60)},
        {JWKS_URL: Page({}, error=httpx.ConnectError)},
        {JWKS_URL: Page(b"<html>")},
        {JWKS_URL: Page({"keys": []})},
        {JWKS_URL: Page({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}]})},
    ],
)
async def test_without_keys_nobody_can_be_let_in_or_turned_away(
    tokens: ExternalTokens,
    issuer: Issuer,
    pages: dict[str, Page],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is the server's fault and not the token's; seconds after it is mended, it works."""
    issuer.outside.pages |= pages
    token = issuer.token()

    with pytest.raises(KeysUnavailable):
        await tokens.verify(token)
    assert "The token issuer's key set cannot be used: " in caplog.text

    issuer.publish()
    with pytest.raises(KeysUnavailable):
        await tokens.verify(token)
    issuer.clock.time += APART_WITHOUT_SECONDS
    assert await tokens.verify(token) is not None


async def test_a_large_key_set_with_certificates_is_taken(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """Larger than what a stranger may send, and yet bounded."""
    page = issuer.outside.pages[JWKS_URL]
    for each in page.body["keys"]:
        each["x5c"] = ["A" * (MOST_BYTES // 2)]

    assert await tokens.verify(issuer.token()) is not None


async def test_a_new_key_is_known_at_the_first_token_that_names_it(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """And the old one still counts while it is published."""
    await tokens.verify(lasting(issuer))
    issuer.keys = [key(name="two"), key()]
    issuer.publish()
    issuer.clock.time += APART_SECONDS

    assert await tokens.verify(lasting(issuer, by=key(name="two"))) is not None
    assert await tokens.verify(lasting(issuer, by=key())) is not None
    assert issuer.fetches() == 2


async def test_a_flood_of_unknown_keys_fetches_once_a_minute(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """Whoever invents key names makes us ask no more often, and good tokens go on."""
    assert await tokens.verify(lasting(issuer)) is not None
    for number in range(300):
        issuer.clock.time += 1
        assert await tokens.verify(issuer.token(header={"kid": f"invented {number}"})) is None

    assert issuer.fetches() == 1 + 300 // APART_SECONDS
    assert await tokens.verify(lasting(issuer)) is not None


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "RS1"}])
async def test_a_token_of_a_forbidden_algorithm_fetches_nothing(
    tokens: ExternalTokens, issuer: Issuer, header: dict[str, Any]
) -> None:
    """It is refused by what it says of itself."""
    token = issuer.token()
    forged = issuer.header(**header) + token[token.index(".") :]

    assert await tokens.verify(forged) is None
    assert issuer.outside.requests == []


async def test_the_keys_are_read_again_after_an_hour(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """Not earlier, while every token names a known one."""
    await tokens.verify(lasting(issuer))
    issuer.clock.time += FRESH_SECONDS - 1
    await tokens.verify(lasting(issuer))
    assert issuer.fetches() == 1

    issuer.clock.time += 1
    await tokens.verify(lasting(issuer))
    assert issuer.fetches() == 2


async def test_keys_outlive_a_day_of_failure_and_no_more(
    tokens: ExternalTokens, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    """The issuer is asked once a minute meanwhile, and each failure is logged."""
    caplog.set_level(logging.WARNING, "fullstory_mcp")
    await tokens.verify(lasting(issuer))
    issuer.outside.pages[JWKS_URL] = Page({}, 503)
    issuer.clock.time += USABLE_SECONDS - 1
    for _ in range(5):
        assert await tokens.verify(lasting(issuer)) is not None
    assert issuer.fetches() == 2
    assert caplog.text.count("status 503") == 1

    issuer.clock.time += 1
    with pytest.raises(KeysUnavailable):
        await tokens.verify(lasting(issuer))


async def test_all_who_come_at_once_wait_for_one_fetch(tmp_path: Path, issuer: Issuer) -> None:
    """A server that just started asks its issuer once."""
    issuer.outside.pages[JWKS_URL].wait = 0.05
    let_in: list[bool] = []
    with sharing(tmp_path, issuer.outside, access=ACCESS, clock=issuer.clock, **EXTERNAL) as parts:
        tokens = ExternalTokens(parts)

        async def come(token: str) -> None:
            let_in.append(await tokens.verify(token) is not None)

        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(come, lasting(issuer))

    assert let_in == [True] * 20
    assert issuer.fetches() == 1


async def test_nobody_waits_for_keys_that_are_only_getting_old(
    tmp_path: Path, issuer: Issuer
) -> None:
    """While one request reads them again, the others go on with those at hand."""
    with sharing(tmp_path, issuer.outside, access=ACCESS, clock=issuer.clock, **EXTERNAL) as parts:
        tokens = ExternalTokens(parts)
        await tokens.verify(lasting(issuer))
        issuer.clock.time += FRESH_SECONDS
        issuer.outside.pages[JWKS_URL].wait = 60

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tokens.verify, lasting(issuer))
            await anyio.sleep(0.01)
            with anyio.fail_after(1):
                assert await tokens.verify(lasting(issuer)) is not None
            tasks.cancel_scope.cancel()
