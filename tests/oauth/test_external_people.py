"""Whom a good token of the organisation's own stands for, and what it may do here."""

from pathlib import Path
from typing import Any

import pytest

from fullstory_mcp.oauth.external import ExternalTokens
from fullstory_mcp.oauth.guard import NotAdmitted
from oauth.issuer import ACCESS, EXTERNAL, Issuer, admitted
from oauth.strangers import sharing

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "fullstory:delete"}, {"fullstory:delete"}),
        ({"scope": None, "scp": "fs.read"}, {"fullstory:read"}),
        (
            {"scope": None, "scp": ["fs.all", "openid"]},
            {"fullstory:read", "fullstory:write", "fullstory:delete"},
        ),
        ({"scope": ["fullstory:read"]}, {"fullstory:read"}),
        ({"scope": "FULLSTORY:READ fullstory admin *"}, set()),
        ({"scope": None}, set()),
        ({"scope": {"fullstory:read": True}, "scp": 5}, set()),
    ],
)
async def test_scopes_are_read_as_issuers_write_them(
    tokens: ExternalTokens, issuer: Issuer, claims: dict[str, Any], scopes: set[str]
) -> None:
    """By our names or by those that the access file gives; anything else means nothing here."""
    assert (await admitted(tokens, issuer.token(**claims))).scopes == scopes


async def test_a_key_limits_the_scopes_of_any_token(tokens: ExternalTokens, issuer: Issuer) -> None:
    """And what it withholds no other token would bring."""
    principal = await admitted(tokens, issuer.token(email=None, groups=["readers"], scope="fs.all"))

    assert principal.scopes == {"fullstory:read"}
    assert principal.denied == {"fullstory:write", "fullstory:delete"}


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": None, "groups": ["x", "readers"]}, "u-1"),
        ({"email": "bob@example.com", "groups": "readers"}, "bob@example.com"),
        ({"email": None, "sub": "robot"}, "robot"),
        ({"email": "ada@example.com"}, "ada@example.com"),
        ({"email": "Ada@Example.com"}, "Ada@Example.com"),
    ],
)
async def test_people_are_known_by_address_group_or_subject(
    tokens: ExternalTokens, issuer: Issuer, claims: dict[str, Any], name: str
) -> None:
    """As the access file's rows say."""
    assert (await admitted(tokens, issuer.token(**claims))).name == name


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "eve@example.com"},
        {"email_verified": False},
        {"email_verified": None},
        {"email": None},
        {"email": ["ada@example.com"]},
        {"email": None, "groups": {"readers": True}},
        {"email": None, "roles": ["readers"]},
    ],
)
async def test_a_good_token_of_somebody_unknown_is_told_apart(
    tokens: ExternalTokens, issuer: Issuer, claims: dict[str, Any]
) -> None:
    """Signing in again would not help: the text says who can."""
    with pytest.raises(NotAdmitted, match="Ask whoever runs it to add you"):
        await tokens.verify(issuer.token(**claims))


@pytest.mark.parametrize(
    ("claims", "known"),
    [
        ({"email_verified": None}, True),
        ({"email_verified": True}, True),
        ({"email_verified": False}, False),
        ({"email_verified": "false"}, False),
        ({"email_verified": "perhaps"}, False),
    ],
)
async def test_an_issuer_may_be_trusted_with_every_address(
    tmp_path: Path, issuer: Issuer, claims: dict[str, Any], known: bool
) -> None:
    """Where the operator says so, the claim may be left out; what it denies stays denied."""
    trusting = {**EXTERNAL, "FULLSTORY_MCP_TOKEN_EMAIL": "trusted"}
    with sharing(tmp_path, issuer.outside, access=ACCESS, clock=issuer.clock, **trusting) as parts:
        verified = ExternalTokens(parts).verify(issuer.token(**claims))
        if known:
            assert await verified is not None
        else:
            with pytest.raises(NotAdmitted):
                await verified


async def test_groups_may_be_in_another_claim(tmp_path: Path, issuer: Issuer) -> None:
    """As issuers that want a namespace have it."""
    named = {**EXTERNAL, "FULLSTORY_MCP_GROUPS_CLAIM": "https://example.com/groups"}
    with sharing(tmp_path, issuer.outside, access=ACCESS, clock=issuer.clock, **named) as parts:
        token = issuer.token(email=None, **{"https://example.com/groups": ["readers"]})

        assert await ExternalTokens(parts).verify(token) is not None
