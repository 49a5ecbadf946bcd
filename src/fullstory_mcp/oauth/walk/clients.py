"""What the known clients do next: register, send a browser to the consent page, prove who they are."""

import secrets
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2 as httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from fullstory_mcp.oauth.authentication import ASSERTION_TYPE, LEEWAY
from fullstory_mcp.oauth.client import Method
from fullstory_mcp.oauth.cookies import COOKIE, cookie_name
from fullstory_mcp.oauth.walk.answers import Fault, Unchecked, Walker, object_in, unexpected

NAME = "fullstory-mcp doctor"
VERIFIER = "doctor-" + "x" * 43
CHALLENGE = "a" * 43
"""Of the right form; nobody will ever bring a verifier for it."""

CURSOR = (
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "http://localhost:8787/callback",
)
"""What Cursor registers, all at once."""

PORTLESS = ("http://localhost/callback", "http://127.0.0.1/callback")
"""What Claude Code's metadata document names; it then comes with a port (RFC 8252, section 7.3)."""

CALLBACK = "https://client.example/callback"
ASSERTION_SECONDS = 60


async def several(walker: Walker) -> str:
    """Cursor's registration."""
    if "cursor" not in walker.shared.settings.redirect_schemes:
        raise Unchecked(
            "Cursor cannot connect: FULLSTORY_MCP_REDIRECT_SCHEMES does not name its scheme, cursor"
        )
    kept = await _registered(walker, "none", redirect_uris=CURSOR)
    if kept.get("redirect_uris") != list(CURSOR):
        raise Fault("Of several redirect URIs registered at once, not all were kept.")
    return "a client with three redirect URIs at once (as Cursor)"


async def consent(walker: Walker) -> str:
    """Claude Code's way to the consent page, as its person's browser takes it."""
    client = await _registered(walker, "none", redirect_uris=PORTLESS)
    answer = await walker.ask(
        "GET", walker.front.url("/authorize"), params=_request(walker, client)
    )
    where = answer.headers.get("location", "")
    if answer.status_code == 400:
        raise Fault(
            "A client that registered a loopback address without a port (as Claude Code) is refused "
            "when it comes with one."
        )
    if answer.status_code != 303:
        raise unexpected(answer)
    if not where.startswith(walker.front.url("/consent?")):
        raise Fault(
            "/authorize leads elsewhere than to the consent page of this public URL: the proxy rewrites "
            "Location. In nginx: proxy_redirect off."
        )
    _check_cookie(walker, answer)
    _check_page(await walker.ask("GET", where))
    return "a loopback client without a port (as Claude Code) reaches the consent page"


async def signed(walker: Walker) -> str:
    """ChatGPT's way to prove itself, as far as a code that was never issued (RFC 7523)."""
    key = ECKey.generate_key("P-256", {"kid": "doctor"})
    client = await _registered(
        walker,
        "private_key_jwt",
        redirect_uris=[CALLBACK],
        jwks={"keys": [key.as_dict(private=False)]},
    )
    form = {
        "grant_type": "authorization_code",
        "code": "doctor-was-never-given-one",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_id": client["client_id"],
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": _assertion(walker, client["client_id"], key),
    }
    answer = await walker.ask("POST", walker.front.url("/token"), data=form)
    error = _error_of(answer)
    if error == "invalid_client":
        raise Fault(_why_not_believed(walker, answer))
    if error != "invalid_grant":
        raise unexpected(answer)
    return "a client that signs with its own key, private_key_jwt (as ChatGPT), is believed"


async def _registered(walker: Walker, method: Method, **metadata: Any) -> dict[str, Any]:
    """A new registration (RFC 7591); nobody uses it, so it expires within a day."""
    given = {"client_name": NAME, "token_endpoint_auth_method": method, **metadata}
    answer = await walker.ask("POST", walker.front.url("/register"), json=given)
    return object_in(answer)


def _request(walker: Walker, client: Mapping[str, Any]) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": str(client["client_id"]),
        "redirect_uri": "http://localhost:51000/callback",
        "scope": "fullstory:read",
        "state": secrets.token_urlsafe(8),
        "resource": walker.front.resource,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


def _check_cookie(walker: Walker, answer: httpx.Response) -> None:
    """Passes where the browser's cookie came as it was sent."""
    name = cookie_name(walker.front, COOKIE)
    cookies = [
        text for text in answer.headers.get_list("set-cookie") if text.startswith(f"{name}=")
    ]
    if not cookies:
        raise Fault(
            "The consent page's cookie does not arrive, so no person could agree: the proxy removes "
            "Set-Cookie, or keeps a copy of /authorize. It must pass both on and cache neither."
        )
    parts = {part.strip().lower() for part in cookies[0].split(";")[1:]}
    kept = "path=/" in parts and not any(part.startswith("domain=") for part in parts)
    if not kept or (name.startswith("__Host-") and "secure" not in parts):
        raise Fault(
            "The proxy changes the consent page's cookie, which browsers then refuse. In nginx: no "
            "proxy_cookie_path, proxy_cookie_domain or proxy_cookie_flags."
        )


def _check_page(page: httpx.Response) -> None:
    """Passes where the consent page comes whole."""
    if page.status_code == 403:
        raise Fault(
            "The consent page does not know the browser again: the Cookie header does not arrive. Let "
            "the proxy pass it on."
        )
    if page.status_code != 200 or not page.headers.get("content-type", "").startswith("text/html"):
        raise unexpected(page)
    if len(page.headers.get_list("content-security-policy")) != 1:
        raise Fault(
            "The consent page's Content-Security-Policy is missing, or the proxy adds one of its own, "
            "which browsers obey as well: then the person may not get back to the client. Leave that "
            "header to this server."
        )


def _assertion(walker: Walker, client_id: str, key: ECKey) -> str:
    now = int(walker.shared.clock())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": walker.front.issuer,
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    return jwt.encode({"alg": "ES256", "kid": "doctor"}, claims, key)


def _error_of(answer: httpx.Response) -> str:
    """The OAuth error code that an answer tells, "" where it tells none."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    error = told.get("error") if isinstance(told, dict) else None
    return error if isinstance(error, str) else ""


def _why_not_believed(walker: Walker, answer: httpx.Response) -> str:
    told = "A client that signs with its own key (private_key_jwt) is not believed"
    apart = _seconds_apart(walker, answer)
    if apart > LEEWAY:
        return f"{told}: the clocks here and there are {apart} seconds apart. Set both by NTP."
    return f"{told}. Does the server run with the FULLSTORY_MCP_PUBLIC_URL of these settings?"


def _seconds_apart(walker: Walker, answer: httpx.Response) -> int:
    try:
        there = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return 0
    return abs(int(walker.shared.clock() - there))
