"""Each fault of a reverse proxy is named by `doctor` with its likely cause and its fix."""

import httpx2 as httpx
import pytest

from oauth import proxies
from oauth.harness import hosting
from oauth.proxies import Proxy, faults, found

pytestmark = pytest.mark.anyio

WELL_KNOWN = "/.well-known/"
FAULTS = {
    "no location for /.well-known": (
        {"before": proxies.answering(404, WELL_KNOWN)},
        {"Resource", "Root", "Server", "Browsers"},
        "does not know this path. Route it to this server too; in nginx it needs a location",
    ),
    "a page of another site": (
        {"before": proxies.answering(200, WELL_KNOWN)},
        {"Resource", "Root", "Server", "Browsers"},
        "a page of something else",
    ),
    "a rewritten path": (
        {"before": proxies.moving("/.well-known", "/api/.well-known")},
        {"Resource", "Root", "Server", "Browsers"},
        "it arrived under another path",
    ),
    "Authorization taken away": (
        {"before": proxies.without_request_header("authorization")},
        {"Token"},
        "proxy_set_header Authorization $http_authorization",
    ),
    "a password of the proxy's own": (
        {"before": proxies.answering(401, "/mcp", www_authenticate='Basic realm="x"')},
        {"Challenge", "Token"},
        "a sign-in of the proxy's own",
    ),
    "WWW-Authenticate taken away": (
        {"after": proxies.without_header("www-authenticate")},
        {"Challenge", "Token"},
        "without WWW-Authenticate",
    ),
    "small bodies alone": (
        {"before": proxies.refusing_bodies(2**20)},
        {"Body size"},
        "client_max_body_size 64m",
    ),
    "a redirect": (
        {"before": proxies.answering(301, "/", location="https://www.example.com/elsewhere")},
        None,
        "a redirect to https://www.example.com/elsewhere",
    ),
    "the server is down": (
        {"before": proxies.answering(502, "/")},
        None,
        "cannot reach this server",
    ),
    "answers rewritten to http": (
        {"after": proxies.rewriting("https://mcp.example.com", "http://mcp.example.com")},
        {"Resource", "Root", "Server"},
        "set FULLSTORY_MCP_PUBLIC_URL to the https address",
    ),
    "a slash added": (
        {"after": proxies.rewriting('example.com"', 'example.com/"')},
        {"Resource", "Root", "Server"},
        "adds the slash at the end",
    ),
    "no OPTIONS": (
        {"before": proxies.refusing_method("OPTIONS")},
        {"Browsers"},
        "pass OPTIONS on",
    ),
    "CORS twice": (
        {"after": proxies.adding("access-control-allow-origin", "*")},
        {"Browsers"},
        "comes twice",
    ),
    "Location rewritten": (
        {"after": proxies.rewriting("mcp.example.com", "backend:8765", header="location")},
        {"Consent"},
        "proxy_redirect off",
    ),
    "cookies taken away": (
        {"after": proxies.without_header("set-cookie")},
        {"Consent"},
        "removes Set-Cookie",
    ),
    "cookies changed": (
        {"after": proxies.rewriting("Path=/", "Path=/x", header="set-cookie")},
        {"Consent"},
        "proxy_cookie_path",
    ),
    "cookies not sent on": (
        {"before": proxies.without_request_header("cookie")},
        {"Consent"},
        "the Cookie header does not arrive",
    ),
    "a second policy": (
        {"after": proxies.adding("content-security-policy", "form-action 'self'")},
        {"Consent"},
        "adds one of its own",
    ),
    "a page before the sign-in": (
        {"before": proxies.answering(403, "/register", "/authorize", "/token")},
        {"Browsers", "Register", "Consent", "Signed"},
        "let this address through",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_fault_of_a_proxy_is_named_with_its_fix(fault: str) -> None:
    """Where it shows, what is likely wrong, and what to do; everything else is still sound."""
    proxy, where, words = FAULTS[fault]
    async with hosting() as door:
        named = faults(await found(door, Proxy(door.app, **proxy)))

    if where is not None:
        assert set(named) == where
    assert any(words in text for text in named.values()) or not words, named


async def test_only_the_root_is_missing() -> None:
    """A proxy that routes exact paths forgets this one most often."""

    def before(request: httpx.Request) -> httpx.Request | httpx.Response:
        if request.url.path == "/.well-known/oauth-protected-resource":
            return httpx.Response(404, headers=proxies.NGINX)
        return request

    async with hosting() as door:
        named = faults(await found(door, Proxy(door.app, before)))

    assert list(named) == ["Root"]
