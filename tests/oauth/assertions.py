"""Assertions that clients sign to prove who they are (RFC 7523), right and otherwise."""

import secrets
from typing import Any

import httpx2 as httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from oauth.harness import Door
from oauth.issuing import ASSERTION, issued, redeeming

ISSUER = "https://mcp.example.com"
NOW = 1_795_000_000
KEY = ECKey.generate_key("P-256", parameters={"kid": "one"})


def signed(client_id: str, key: Any = KEY, alg: str = "ES256", **changes: Any) -> str:
    """An assertion as it should be, but for `changes`; a claim given as None is left out."""
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "iat": NOW,
        "exp": NOW + 60,
        "jti": secrets.token_urlsafe(8),
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": alg, **({"kid": key.kid} if key.kid else {})}
    return jwt.encode(header, claims, key, algorithms=[alg])


async def by_key(door: Door, client_id: str, assertion: str, **form: str) -> httpx.Response:
    """A code redeemed with an assertion."""
    given = {
        **redeeming(door, client_id, await issued(door, client_id)),
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion,
        **form,
    }
    return await door.client.post("/token", data=given)
