"""JWTs of the organisation's own authorization server: which are good, and whom they stand for."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fullstory_mcp.oauth.external import HELD_SECONDS, ExternalTokens
from fullstory_mcp.oauth.guard import NotAdmitted
from fullstory_mcp.settings.watched import LOOK_SECONDS
from oauth.issuer import (
    ACCESS,
    AUDIENCE,
    EXTERNAL,
    ISSUER,
    Issuer,
    admitted,
    key,
    signed_with_public_key,
    unsigned,
)
from oauth.strangers import sharing

pytestmark = pytest.mark.anyio


async def test_a_good_token_stands_for_a_person_with_a_named_key(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """The scopes are the token's, the ceiling is the file's, and what to do about the key is said."""
    principal = await admitted(tokens, issuer.token())

    assert (principal.name, principal.client) == ("ada@example.com", "our-agent")
    assert principal.scopes == {"fullstory:read", "fullstory:write"}
    assert principal.ceiling == "standard"
    assert "“support”" in principal.mend


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        ("RSA", "RS256"),
        ("RSA", "PS256"),
        ("EC", "ES256"),
        ("OKP", "EdDSA"),
        ("OKP", "Ed25519"),
    ],
)
async def test_every_usual_signature_is_taken(
    tokens: ExternalTokens, issuer: Issuer, kind: str, algorithm: str
) -> None:
    """By the old name of Ed25519 as well as by the new one."""
    issuer.keys = [key(kind)]
    issuer.publish()

    assert await tokens.verify(issuer.token(header={"alg": algorithm})) is not None


Forger = Callable[[Issuer], str]

BAD: dict[str, Forger] = {
    "unsigned": lambda issuer: unsigned(issuer.claims()),
    "unsigned, with a key": lambda issuer: unsigned(issuer.claims(), kid="one"),
    "signed with the public key": lambda issuer: signed_with_public_key(issuer.claims()),
    "signed by another's key of the same name": lambda issuer: issuer.token(by=key("EC")),
    "signed by an unknown key": lambda issuer: issuer.token(by=key(name="unknown")),
    "of an algorithm that is not allowed": lambda issuer: issuer.token(header={"alg": "RS512"}),
    "cut": lambda issuer: issuer.token()[:-2],
    "altered": lambda issuer: issuer.token().replace(".", ".e", 1),
    "another's claims": lambda issuer: ".".join(
        [
            *(part.split(".")[i] for i, part in enumerate([issuer.token(), issuer.token(sub="x")])),
            issuer.token().rpartition(".")[2],
        ]
    ),
    "critical header": lambda issuer: issuer.token(header={"crit": ["exp"], "exp": 1}),
    "key in the header": lambda issuer: issuer.token(
        by=key(name="mine"), header={"jwk": key(name="mine").as_dict(private=False)}
    ),
    "another issuer": lambda issuer: issuer.token(iss="https://evil.example.com"),
    "issuer with more": lambda issuer: issuer.token(iss=f"{ISSUER}/more"),
    "issuer in a list": lambda issuer: issuer.token(iss=[ISSUER]),
    "no issuer": lambda issuer: issuer.token(iss=None),
    "another audience": lambda issuer: issuer.token(aud="https://other.example.com"),
    "our origin only": lambda issuer: issuer.token(aud="https://mcp.example.com"),
    "no audience": lambda issuer: issuer.token(aud=None),
    "empty audience": lambda issuer: issuer.token(aud=[]),
    "expired": lambda issuer: issuer.token(exp=int(issuer.clock()) - 31),
    "without an end": lambda issuer: issuer.token(exp=None),
    "an end that is text": lambda issuer: issuer.token(exp="never"),
    "an end that never comes": lambda issuer: issuer.token(exp=float("inf")),
    "not yet": lambda issuer: issuer.token(nbf=int(issuer.clock()) + 60),
    "issued tomorrow": lambda issuer: issuer.token(iat=int(issuer.clock()) + 86_400),
    "of nobody": lambda issuer: issuer.token(sub=None),
    "of an empty name": lambda issuer: issuer.token(sub=""),
    "of a number": lambda issuer: issuer.token(sub=5),
    "an ID token": lambda issuer: issuer.token(header={"typ": "JWT"}, nonce="n"),
    "an ID token with a hash": lambda issuer: issuer.token(header={"typ": None}, at_hash="h"),
    "a logout token": lambda issuer: issuer.token(header={"typ": "logout+jwt"}),
    "a key that is no text": lambda issuer: issuer.token(header={"kid": 5}),
    "a type that is no text": lambda issuer: issuer.token(header={"typ": ["at+jwt"]}),
    "bound to a key": lambda issuer: issuer.token(cnf={"jkt": "thumbprint"}),
    "too long": lambda issuer: issuer.token(padding="x" * 8_192),
    "opaque": lambda _: "an-opaque-token",
    "empty parts": lambda _: "..",
    "not ASCII": lambda issuer: issuer.token() + "é",
    "five parts": lambda _: "a.b.c.d.e",
    "header is a list": lambda _: "WyJhbGciXQ.e30.AA",
    "algorithm is a list": lambda _: "eyJhbGciOltdfQ.e30.AA",
    "nested without end": lambda _: "W1tb" * 1_500 + ".e30.AA",
}


@pytest.mark.parametrize("forge", BAD.values(), ids=BAD.keys())
async def test_a_token_that_is_not_good_stands_for_nobody(
    tokens: ExternalTokens, issuer: Issuer, forge: Forger, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why, without a piece of the token; a good token is still good after it."""
    caplog.set_level(logging.INFO, "fullstory_mcp")
    token = forge(issuer)

    assert await tokens.verify(token) is None

    assert "An access token was refused: " in caplog.text
    assert not any(part in caplog.text for part in token.split(".") if len(part) > 3)
    assert await tokens.verify(issuer.token()) is not None


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"iss": f"{ISSUER}/"}, {}),
        ({"aud": ["https://other.example.com", AUDIENCE]}, {}),
        ({"exp": -29}, {}),
        ({"nbf": 29, "iat": 29}, {}),
        ({"iat": None}, {}),
        ({"nonce": "n"}, {}),
        ({}, {"typ": None}),
        ({}, {"typ": "JWT"}),
        ({}, {"typ": "application/at+jwt"}),
        ({}, {"x5t": "thumb", "odd": "header"}),
        ({}, {"kid": None}),
    ],
    ids=str,
)
async def test_what_issuers_do_differently_is_taken(
    tokens: ExternalTokens, issuer: Issuer, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    """A last slash, several audiences, clocks 29 seconds apart, types, unknown headers, no key named."""
    now = int(issuer.clock())
    given = {
        name: now + value if isinstance(value, int) else value for name, value in claims.items()
    }

    assert await tokens.verify(issuer.token(header=header, **given)) is not None


async def test_another_audience_can_be_set(tmp_path: Path, issuer: Issuer) -> None:
    """Some issuers name an application instead of its address; then ours is not taken."""
    named = {**EXTERNAL, "FULLSTORY_MCP_TOKEN_AUDIENCE": "api://fullstory"}
    with sharing(tmp_path, issuer.outside, access=ACCESS, clock=issuer.clock, **named) as parts:
        tokens = ExternalTokens(parts)

        assert await tokens.verify(issuer.token(aud="api://fullstory")) is not None
        assert await tokens.verify(issuer.token()) is None


async def test_a_person_taken_out_of_the_file_is_out_within_two_seconds(
    tokens: ExternalTokens, issuer: Issuer, tmp_path: Path
) -> None:
    """Though the token is still good."""
    token = issuer.token()
    await admitted(tokens, token)
    (tmp_path / "access.toml").write_text(ACCESS.replace("ada@", "nobody@"))
    issuer.clock.time += LOOK_SECONDS
    await admitted(tokens, token)
    issuer.clock.time += LOOK_SECONDS

    with pytest.raises(NotAdmitted):
        await tokens.verify(token)


async def test_a_token_that_was_good_is_out_when_it_expires(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """Nothing that is remembered outlives the token, or a minute."""
    token = issuer.token(exp=int(issuer.clock()) + 10)
    await admitted(tokens, token)
    issuer.clock.time += 39
    await admitted(tokens, token)
    issuer.clock.time += 1

    assert await tokens.verify(token) is None


async def test_a_key_that_the_issuer_withdrew_counts_no_more(
    tokens: ExternalTokens, issuer: Issuer
) -> None:
    """At the latest with the next reading of the keys and a minute."""
    token = issuer.token(exp=int(issuer.clock()) + 86_400)
    await admitted(tokens, token)
    issuer.keys = [key(name="two")]
    issuer.publish()
    issuer.clock.time += HELD_SECONDS
    assert await tokens.verify(issuer.token()) is not None

    assert await tokens.verify(token) is None


async def test_a_name_from_a_token_is_one_line(tokens: ExternalTokens, issuer: Issuer) -> None:
    """It stands in logs and records."""
    principal = await admitted(
        tokens,
        issuer.token(email=None, sub="u" * 300, groups=["readers"], client_id="c\r\n" * 500),
    )

    assert (principal.name, principal.client) == ("u" * 200, "c" * 200)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "a\nb\x1b[0m"},
        {"sub": "u\0"},
        {"sub": ""},
        {"sub": 7},
        {"sub": {"a": 1}},
        {"email": "ada\0@example.com"},
        {"email": "ada@example.com\u202e"},
        {"groups": ["readers", "a\0"]},
    ],
)
async def test_a_token_with_names_that_cannot_be_printed_is_refused(
    tokens: ExternalTokens, issuer: Issuer, claims: dict[str, Any]
) -> None:
    """No database could store them, and no log may show them."""
    assert await tokens.verify(issuer.token(**{"groups": ["readers"], **claims})) is None
