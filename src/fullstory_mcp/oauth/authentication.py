"""How a client shows at the token and revocation endpoints that it is itself.

    presented   what a request brings: one way of RFC 6749 section 2.3 or RFC 7523, never two
    proven      the check of a signed assertion (private_key_jwt); authlib checks secrets

Whatever fails is 401 `invalid_client`, so that a client that we lost registers again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749.util import extract_basic_authorization
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic_core import from_json

from fullstory_mcp.oauth.answers import Refused
from fullstory_mcp.oauth.client import Method
from fullstory_mcp.oauth.forms import Parameters
from fullstory_mcp.oauth.metadata import SIGNING_ALGORITHMS
from fullstory_mcp.oauth.model import Front
from fullstory_mcp.storage import Tx, once

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

LONGEST_ASSERTION = 300
"""Seconds from now until an assertion may expire at most."""

LEEWAY = 30
"""Seconds by which a client's clock may be wrong."""

CHALLENGE = {"WWW-Authenticate": 'Basic realm="token"'}


_SIGNATURES = JWSRegistry(algorithms=list(SIGNING_ALGORITHMS), strict_check_header=False)
"""Headers that nobody knows are ignored, except critical ones (RFC 7515, section 4)."""

_UNREADABLE = (JoseError, ValueError, TypeError, KeyError)
"""What joserfc raises for texts that are no JWT of a known kind."""


@dataclass(frozen=True, slots=True)
class Presented:
    """The one way in which a request says who sends it; `kid` is the key that an assertion names."""

    method: Method
    client_id: str
    kid: str | None = None


def failed(method: Method | None, description: str = "The client is not who it says.") -> Refused:
    """401 `invalid_client`, with a challenge where the client tried HTTP Basic (RFC 6749, 5.2)."""
    headers = CHALLENGE if method == "client_secret_basic" else None
    return Refused("invalid_client", description, 401, headers)


def presented(headers: Mapping[str, str], form: Parameters) -> Presented:
    """Who a request says it is from, and the way it means to prove that; nothing is checked yet.

    Raises:
        Refused: it uses several ways or names several clients, or no client at all.
    """
    ids: dict[Method, str | None] = {}
    if headers.get("Authorization", "").lower().startswith("basic"):
        ids["client_secret_basic"] = _basic_id(headers)
    if form.get("client_secret"):
        ids["client_secret_post"] = form.get("client_id")
    if form.get("client_assertion") or form.get("client_assertion_type"):
        ids["private_key_jwt"] = _assertion_id(form)
    if len(ids) > 1:
        raise Refused("invalid_request", "The client authenticates in more than one way.")
    method, client_id = next(iter(ids.items())) if ids else ("none", form.get("client_id"))
    if client_id is None:
        raise failed(method, "The request names no client, or its credentials cannot be read.")
    if form.get("client_id") not in {None, client_id}:
        raise Refused("invalid_request", "client_id names another client than the credentials.")
    kid = _header(form).get("kid") if method == "private_key_jwt" else None
    return Presented(method, client_id, kid if isinstance(kid, str) else None)


def proven(  # noqa: PLR0913 - the assertion, and everything it is held against
    tx: Tx, assertion: str, *, front: Front, client_id: str, keys: KeySet, now: int
) -> bool:
    """Whether an assertion is this client's, for us, of now, and not seen before (RFC 7523, section 3).

    It is claimed by the way: the same one never counts twice. Without a name (`jti`) it is known by
    what was signed: one signature can be written in several ways (ECDSA's has a twin).
    """
    try:
        token = jwt.decode(assertion, keys, registry=_SIGNATURES)
    except _UNREADABLE:
        return False
    claims = token.claims
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        return False
    if not _is_for(front, claims.get("aud")) or not _is_of_now(claims, now):
        return False
    mark = claims.get("jti", assertion.rpartition(".")[0])
    if not isinstance(mark, str):
        return False
    seen = hashlib.sha256(f"{client_id}\n{mark}".encode()).hexdigest()
    return once.claim(tx, f"assertion:{seen}", now + LONGEST_ASSERTION + 2 * LEEWAY)


def _is_for(front: Front, audience: object) -> bool:
    """The issuer, or the token endpoint as RFC 7523 had it first."""
    named = audience if isinstance(audience, list) else [audience]
    return front.issuer in named or front.url("/token") in named


def _is_of_now(claims: Mapping[str, Any], now: int) -> bool:
    """Comparisons are written so that what is no number in order (NaN) fails them."""
    expires, issued, begins = claims.get("exp"), claims.get("iat", now), claims.get("nbf", now)
    if not all(isinstance(each, int | float) for each in (expires, issued, begins)):
        return False
    soon = now - LEEWAY < expires <= now + LONGEST_ASSERTION + LEEWAY  # type: ignore[operator] # a number
    return soon and issued <= now + LEEWAY and begins <= now + LEEWAY


def _basic_id(headers: Mapping[str, str]) -> str | None:
    """The user name of HTTP Basic, decoded once more as RFC 6749 section 2.3.1 wants."""
    try:
        client_id, secret = extract_basic_authorization(headers)
    except ValueError:  # not UTF-8
        return None
    usable = client_id and secret and client_id.isprintable() and secret.isprintable()
    return client_id if usable else None


def _assertion_id(form: Parameters) -> str | None:
    """Whom an assertion is about, read before anything of it is checked."""
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        return None
    try:
        claims = from_json(_extracted(form).payload)
    except _UNREADABLE:
        return None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) and subject.isprintable() else None


def _header(form: Parameters) -> Mapping[str, Any]:
    return _extracted(form).headers()


def _extracted(form: Parameters) -> jws.CompactSignature:
    return jws.extract_compact((form.get("client_assertion") or "").encode())
