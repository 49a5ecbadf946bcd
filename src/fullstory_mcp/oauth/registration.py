"""POST /register: a client makes itself known (RFC 7591), for those that have no metadata document.

Anyone may, so it is counted by address and in all, and what nobody uses is forgotten. What a client
asks for beyond our means is left out of its registration rather than refused (section 3.2.1), but
every redirect URI must be one that a browser may be sent to.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fullstory_mcp.oauth import redirects
from fullstory_mcp.oauth.addresses import site_of
from fullstory_mcp.oauth.answers import Refused, for_any_origin, json_answer, told
from fullstory_mcp.oauth.browser import address_of
from fullstory_mcp.oauth.client import METHODS
from fullstory_mcp.oauth.forms import body_of, media_type
from fullstory_mcp.oauth.keysets import key_set_of
from fullstory_mcp.oauth.metadata import GRANT_TYPES
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.naming import one_line
from fullstory_mcp.storage import Tx, clients, counters
from fullstory_mcp.storage.clients import StoredClient

MOST_REDIRECTS = 10
NAME_CHARACTERS = 100
MOST_KEYS = 10

UNUSED_SECONDS = 24 * 3600
"""How long a registration waits for its first code to be redeemed."""

HOUR = 3600
BY_ADDRESS, BY_SITE, IN_ALL = 20, 100, 1000
"""Registrations an hour: of one address, of an IPv6 site with all its networks, and of all."""

FOR_NEWCOMERS = 200
"""How many of them are left to sites that have registered nothing yet in this hour."""

UNNAMED = "Unnamed client"


def routes(shared: Shared) -> list[Route]:
    """The registration endpoint."""

    async def register(request: Request) -> Response:
        try:
            answer = await _registered(shared, request)
        except Refused as refused:
            told("register", "registered", refused.error)
            raise
        told("register", "registered", "registered")
        return answer

    return [Route("/register", for_any_origin(register), methods=["POST", "OPTIONS"])]


async def _registered(shared: Shared, request: Request) -> Response:
    """Judges, counts and stores one registration.

    Raises:
        Refused: what is wrong with it, or that there were too many.
    """
    asked = await _asked(request)
    kept = {name: value for read in READERS for name, value in read(shared, asked).items()}
    now = int(shared.clock())
    secret = secrets.token_urlsafe(32) if kept["token_endpoint_auth_method"] in _SECRET else None
    row = StoredClient(
        id=f"fsmcp_client_{secrets.token_urlsafe(16)}",
        registration=to_json(kept).decode(),
        secret_hash=hashlib.sha256(secret.encode()).hexdigest() if secret else None,
        created_at=now,
        expires_at=now + UNUSED_SECONDS,
    )
    wait = await shared.database.run(_added, row, address_of(shared, request), now)
    if wait is not None:
        raise Refused(
            "too_many_requests",
            "Too many clients were registered this hour. Try again later, or use a client ID "
            "metadata document.",
            429,
            {"Retry-After": str(wait)},
        )
    answer = {"client_id": row.id, "client_id_issued_at": now, **kept}
    if secret:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return json_answer(answer, 201)


_SECRET = frozenset({"client_secret_basic", "client_secret_post"})


def _added(tx: Tx, row: StoredClient, address: str, now: int) -> int | None:
    """Stores a registration; where there were too many, seconds until the next hour begins instead."""
    if _too_many(tx, address, now):
        return HOUR - now % HOUR
    clients.add(tx, row)
    return None


def _too_many(tx: Tx, address: str, now: int) -> bool:
    """Counts a registration; what one limit refuses does not count for the next."""
    if counters.count(tx, f"register:{address}", HOUR, now) > BY_ADDRESS:
        return True
    of_site = counters.count(tx, f"register-site:{site_of(address)}", HOUR, now)
    if of_site > BY_SITE:
        return True
    if of_site == 1 and counters.count(tx, "register-new", HOUR, now) <= FOR_NEWCOMERS:
        return False
    return counters.count(tx, "register", HOUR, now) > IN_ALL - FOR_NEWCOMERS


async def _asked(request: Request) -> dict[str, Any]:
    if media_type(request) != "application/json":
        raise Refused("invalid_client_metadata", "The body must be application/json.")
    try:
        asked = from_json(await body_of(request))
    except ValueError:
        raise Refused("invalid_client_metadata", "The body is not JSON.") from None
    if not isinstance(asked, dict):
        raise Refused("invalid_client_metadata", "The body must be a JSON object.")
    return asked


def _redirect_uris(shared: Shared, asked: Mapping[str, Any]) -> dict[str, Any]:
    given = asked.get("redirect_uris")
    if not isinstance(given, list) or not 0 < len(given) <= MOST_REDIRECTS:
        raise Refused(
            "invalid_redirect_uri", f"redirect_uris must be a list of 1 to {MOST_REDIRECTS}."
        )
    for index, each in enumerate(given):
        why = (
            redirects.fault(each, shared.settings.redirect_schemes)
            if isinstance(each, str)
            else "must be text"
        )
        if why:
            raise Refused("invalid_redirect_uri", f"redirect_uris[{index}] {why}.")
    return {"redirect_uris": list(dict.fromkeys(given))}


def _method(_: Shared, asked: Mapping[str, Any]) -> dict[str, Any]:
    method = asked.get("token_endpoint_auth_method") or "client_secret_basic"
    if method not in METHODS:
        raise _unusable(f"token_endpoint_auth_method must be one of {', '.join(METHODS)}.")
    return {"token_endpoint_auth_method": method}


def _grants(_: Shared, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What we offer is granted whatever was asked, as long as there is something we can do."""
    for name, ours in (("grant_types", "authorization_code"), ("response_types", "code")):
        given = asked.get(name)
        if given is not None and (not isinstance(given, list) or ours not in given):
            raise _unusable(f"{name} must contain {ours}.")
    return {"grant_types": list(GRANT_TYPES), "response_types": ["code"]}


def _name(_: Shared, asked: Mapping[str, Any]) -> dict[str, Any]:
    name = asked.get("client_name", "")
    if not isinstance(name, str):
        raise _unusable("client_name must be text.")
    return {"client_name": cleaned(name) or UNNAMED}


def cleaned(name: str) -> str:
    """A name on one line, without control, invisible and direction characters, at most 100 long."""
    return one_line(name[: 10 * NAME_CHARACTERS])[:NAME_CHARACTERS].strip()


def _keys(_: Shared, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Public keys, kept for clients that prove themselves by them alone."""
    if asked.get("token_endpoint_auth_method") != "private_key_jwt":
        return {}
    jwks: Any = asked.get("jwks")
    address = asked.get("jwks_uri")
    if (jwks is None) == (address is None):
        raise _unusable("private_key_jwt needs either jwks or jwks_uri.")
    if address is not None:
        usable = isinstance(address, str) and address.startswith("https://")
        if not usable or redirects.fault(address, ()) is not None:
            raise _unusable("jwks_uri must be an https address.")
        return {"jwks_uri": address}
    if not _sound(jwks):
        raise _unusable(
            "jwks must hold 1 to 10 public keys in its member keys: EC, OKP, or RSA of 2048 bits."
        )
    return {"jwks": {"keys": jwks["keys"]}}


def _sound(jwks: Any) -> bool:
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        return False
    return all(key_set_of({"keys": [key]}) is not None for key in keys)


def _unusable(description: str) -> Refused:
    return Refused("invalid_client_metadata", description)


READERS: tuple[Callable[[Shared, Mapping[str, Any]], dict[str, Any]], ...] = (
    _redirect_uris,
    _method,
    _grants,
    _name,
    _keys,
)
"""Each judges its members and says what of them is registered."""
