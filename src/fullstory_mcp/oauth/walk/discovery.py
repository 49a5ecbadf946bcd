"""What a client asks first: both metadata documents in every place, and /mcp without a token."""

import re
from collections.abc import Mapping
from typing import Any

import httpx2 as httpx

from fullstory_mcp.oauth import metadata
from fullstory_mcp.oauth.walk.answers import Fault, Walker, object_in, unexpected

RESOURCE = "/.well-known/oauth-protected-resource"
SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"

FAKE = "fsmcp_at_doctor-asks-whether-this-header-arrives"
"""A bearer token that nobody was ever given."""

TWO_MEGABYTES = 2 * 2**20
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
MCP_HEADERS = {"Accept": "application/json, text/event-stream"}


async def resource(walker: Walker) -> str:
    """The resource's metadata where RFC 9728 section 3.1 puts it: the path inserted."""
    front = walker.front
    expected = metadata.protected_resource(walker.shared)
    await _same(walker, f"{front.origin}{RESOURCE}{front.prefix}/mcp", expected)
    return f"metadata names {front.resource}"


async def root(walker: Walker) -> str:
    """The same at the root of the host, the only place where some clients look."""
    await _same(
        walker, f"{walker.front.origin}{RESOURCE}", metadata.protected_resource(walker.shared)
    )
    return "metadata is at the root too, where some clients look alone"


async def server(walker: Walker) -> str:
    """The authorization server's metadata: RFC 8414 section 3.1, and OpenID Connect's two places."""
    front = walker.front
    places = {
        f"{front.origin}{SERVER}{front.prefix}",
        f"{front.origin}{OPENID}{front.prefix}",
        f"{front.issuer}{OPENID}",
    }
    for url in sorted(places):
        await _same(walker, url, metadata.authorization_server(front))
    return f"metadata names {front.issuer}, in {len(places)} places"


async def challenge(walker: Walker) -> str:
    """401 at /mcp without a token, with the challenge that starts a sign-in (RFC 9728, section 5.1)."""
    told = _challenge_of(await _ping(walker))
    front = walker.front
    expected = f"{front.origin}{RESOURCE}{front.prefix}/mcp"
    if told.get("resource_metadata") != expected:
        raise _other("resource_metadata", expected, told.get("resource_metadata"))
    if not told.get("scope"):
        raise Fault("The challenge of /mcp names no scope. Does something rewrite its header?")
    return f"/mcp asks for a sign-in, with {told['scope']} at first"


async def bearer(walker: Walker) -> str:
    """A made-up token is refused as one, so the Authorization header arrives."""
    told = _challenge_of(await _ping(walker, headers={"Authorization": f"Bearer {FAKE}"}))
    if told.get("error") != "invalid_token":
        raise Fault(
            "The Authorization header does not arrive: the proxy takes it away, so nobody could ever "
            "call. In nginx: proxy_set_header Authorization $http_authorization; and no auth_basic "
            "or auth_request on these paths."
        )
    return "the Authorization header arrives"


async def size(walker: Walker) -> str:
    """A body of two megabytes gets as far as the challenge."""
    answer = await _ping(walker, content=b" " * TWO_MEGABYTES)
    if answer.status_code != 401:
        raise unexpected(answer)
    return "bodies of more than 1 MB get through"


async def browsers(walker: Walker) -> str:
    """Clients that are web pages may read the metadata and use the token endpoint."""
    front = walker.front
    places = [f"{front.origin}{RESOURCE}{front.prefix}/mcp"]
    if walker.shared.settings.mode == "embedded":
        places += [
            f"{front.origin}{SERVER}{front.prefix}",
            *map(front.url, ("/token", "/register")),
        ]
    for url in places:
        headers = {"Origin": "https://client.example", "Access-Control-Request-Method": "POST"}
        answer = await walker.ask("OPTIONS", url, headers=headers)
        allowed = answer.headers.get("access-control-allow-origin", "")
        if not answer.is_success or not allowed:
            raise Fault(
                f"OPTIONS {answer.url.path} is answered with {answer.status_code} and without "
                "Access-Control-Allow-Origin, so clients that are web pages cannot connect. The proxy "
                "answers it itself: pass OPTIONS on."
            )
        if "," in allowed:
            raise Fault(
                "Access-Control-Allow-Origin comes twice, which browsers refuse: the proxy adds one "
                "to this server's own. Leave that to this server."
            )
    return "pages of other sites may use the endpoints (CORS)"


async def _ping(walker: Walker, **given: Any) -> httpx.Response:
    headers = {**MCP_HEADERS, **given.pop("headers", {})}
    body = given or {"json": PING}
    return await walker.ask("POST", walker.front.resource, headers=headers, **body)


def _challenge_of(answer: httpx.Response) -> dict[str, str]:
    """The parameters of a Bearer challenge (RFC 6750, section 3)."""
    if answer.is_success:
        raise Fault(
            f"POST /mcp is answered with {answer.status_code} without a token: the server behind this "
            "address has no front door. Start it with this FULLSTORY_MCP_PUBLIC_URL."
        )
    if answer.status_code != 401:
        raise unexpected(answer)
    told = answer.headers.get("www-authenticate", "")
    if not told:
        raise Fault(
            "POST /mcp is answered with 401, but without WWW-Authenticate, which starts a sign-in: "
            "the proxy takes it away. In nginx: no proxy_hide_header and no error_page for 401."
        )
    if not told.lower().startswith("bearer"):
        raise unexpected(answer)
    return dict(re.findall(r'(\w+)="([^"]*)"', told))


async def _same(walker: Walker, url: str, expected: Mapping[str, Any]) -> None:
    """Passes where the document at `url` is the one that these settings make."""
    found = object_in(await walker.ask("GET", url))
    for name, value in expected.items():
        if found.get(name) != value:
            raise _other(name, value, found.get(name))


def _other(name: str, expected: object, found: object) -> Fault:
    """A value that is not what it must be, byte for byte, and why that may be."""
    return Fault(
        f"`{name}` is {_shown(found)}, not {_shown(expected)}, and clients compare byte for byte. "
        f"{_difference(str(expected), str(found))}"
    )


def _difference(expected: str, found: str) -> str:
    if found.rstrip("/") == expected:
        return "Something adds the slash at the end: does the proxy rewrite answers?"
    if found == expected.replace("https:", "http:"):
        return (
            "The server runs with an http address, or the proxy rewrites answers: set "
            "FULLSTORY_MCP_PUBLIC_URL to the https address and start it again."
        )
    return (
        "The server behind this address runs with other settings than these: give it the same "
        "FULLSTORY_MCP_PUBLIC_URL and start it again."
    )


def _shown(value: object) -> str:
    text = "".join(sign for sign in str(value) if sign.isprintable())
    return "missing" if value is None else f"“{text[:200]}”"
