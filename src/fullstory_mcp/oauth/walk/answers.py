"""Asks the public address, and reads off an unexpected answer who gave it and why.

What came back is never shown: only its status, and where a redirect would have led.
"""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
from pydantic_core import from_json

from fullstory_mcp.oauth.model import Front, Shared

SECONDS = 10.0


class Fault(Exception):
    """What is wrong, its likely cause, and the fix."""


class Unchecked(Exception):
    """What kept a step from being checked, though it is no fault."""


class Away(Fault):
    """The address gave no answer at all."""


@dataclass(frozen=True, slots=True)
class Walker:
    """`http` reaches the public address, `outside` the organisation's identity provider."""

    shared: Shared
    http: httpx.AsyncClient
    outside: httpx.AsyncClient

    @property
    def front(self) -> Front:
        """The addresses that clients are given."""
        return self.shared.front

    async def ask(self, method: str, url: str, **given: Any) -> httpx.Response:
        """The answer of the public address, whatever it is.

        Raises:
            Away: there was none.
        """
        return await asked(self.http, method, url, **given)


async def asked(http: httpx.AsyncClient, method: str, url: str, **given: Any) -> httpx.Response:
    """The answer of an address, whatever it is.

    Raises:
        Away: there was none, and why.
    """
    try:
        return await http.request(method, url, **given)
    except httpx.TimeoutException:
        raise Away(f"{_place(url)} did not answer within {SECONDS:.0f} seconds.") from None
    except httpx.TransportError as error:
        raise Away(f"{_place(url)} could not be reached: {_why(error)}") from None


def object_in(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object in an answer with status 200 or 201.

    Raises:
        Fault: it is another answer; by whom, why, and the fix.
        Unchecked: this address asked too often.
    """
    if answer.status_code not in {200, 201}:
        raise unexpected(answer)
    try:
        found = from_json(answer.content)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Fault(
            f"{_asked_for(answer)} is answered with a page of something else: the proxy sends it to "
            f"another site. {_ROUTE}"
        )
    return found


def unexpected(answer: httpx.Response) -> Fault | Unchecked:
    """The likely cause of an answer that should have been another one, and the fix."""
    told = f"{_asked_for(answer)} is answered with {answer.status_code}"
    if answer.status_code == 429:
        return Unchecked(f"{told}: too often in this hour. Run doctor again later.")
    if answer.is_redirect:
        where = _place(str(answer.url.join(answer.headers["location"])))[:200]
        return Fault(
            f"{told}, a redirect to {where}. Clients do not follow it: serve this address itself, or "
            "set FULLSTORY_MCP_PUBLIC_URL to the address that needs no redirect."
        )
    if answer.status_code == 404 and answer.text == "Not Found":
        return Fault(
            f"{told} by this server itself, so it arrived under another path. The proxy must pass "
            "the path on as it is, or without the public URL's own path, and the server must run "
            "with this FULLSTORY_MCP_PUBLIC_URL."
        )
    cause = CAUSES.get(answer.status_code, "That is not an answer of this server's: see the proxy.")
    return Fault(f"{told}. {cause}")


_ROUTE = (
    "Route it to this server too; in nginx it needs a location of its own (deploy/nginx-prefix.conf has "
    "every one)."
)
_BLOCKED = (
    "Something before this server refuses it: a sign-in of the proxy's own, or a firewall's rule. "
    "Clients come without a password or a browser: let this address through."
)
CAUSES: Mapping[int, str] = {
    401: _BLOCKED,
    403: _BLOCKED,
    404: f"Something before this server says so: the proxy does not know this path. {_ROUTE}",
    405: f"Something before this server does not know the method: the proxy serves it itself. {_ROUTE}",
    413: "The proxy refuses bodies of this size: in nginx, client_max_body_size 64m.",
    500: "See this server's log.",
    502: "The proxy cannot reach this server: is `fullstory-mcp serve` running where it points to?",
    503: "The server is up, but not ready: ask /readyz, and see its log.",
    504: "The proxy waited for this server in vain: see its log.",
}
"""What a status that should not have come usually means."""


def _asked_for(answer: httpx.Response) -> str:
    return f"{answer.request.method} {answer.url.path}"


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _why(error: BaseException) -> str:
    """The reason for a connection that failed, looked for in what it was raised from."""
    cause: BaseException | None = error
    while cause is not None:
        for kind, text in REASONS.items():
            if isinstance(cause, kind):
                return text
        cause = cause.__cause__ or cause.__context__
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return REASONS[ssl.SSLError]
    return "the connection failed. Is the server running, and the address right?"


REASONS: Mapping[type[BaseException], str] = {
    ssl.SSLError: (
        "its certificate is not trusted here. Clients would not trust it either; one of your own "
        "belongs in the system's trust store or in SSL_CERT_FILE."
    ),
    socket.gaierror: "its name is not known here. Is the DNS entry there?",
    ConnectionRefusedError: "nothing listens there. Is the proxy, or the server, running?",
}
