"""What the OAuth endpoints answer: JSON for programs, redirects for browsers, one log line for each.

Nothing here says a token, a code or what a stranger typed.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from fullstory_mcp.oauth.client import OPERATOR, Client
from fullstory_mcp.oauth.model import Asked, Front

logger = logging.getLogger("fullstory_mcp.oauth")

NO_STORE: Mapping[str, str] = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""On every answer that could carry a token or a secret (RFC 6749, section 5.1)."""

FOR_ANY_ORIGIN: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
}
"""Lets pages of any site read an answer; never with cookies, as no credentials are allowed."""

PREFLIGHT: Mapping[str, str] = {
    **FOR_ANY_ORIGIN,
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, MCP-Protocol-Version",
    "Access-Control-Max-Age": "7200",
}
"""What a browser may send to such an endpoint."""

Endpoint = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """An OAuth error that is answered as JSON: its code, and what to do in plain ASCII.

    `headers` come on top, such as a challenge or Retry-After.
    """

    def __init__(
        self,
        error: str,
        description: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})


def json_answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A JSON answer for any program, that nobody may keep."""
    return Response(
        to_json(body),
        status,
        {**NO_STORE, **FOR_ANY_ORIGIN, **(headers or {})},
        media_type="application/json",
    )


def refusal(refused: Refused) -> Response:
    """An OAuth error as JSON (RFC 6749, section 5.2)."""
    body = {"error": refused.error, "error_description": refused.description}
    return json_answer(body, refused.status, refused.headers)


def for_any_origin(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with a browser's question beforehand answered, and refusals told as JSON."""

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=dict(PREFLIGHT))
        try:
            return await endpoint(request)
        except Refused as refused:
            return refusal(refused)

    return answer


def redirected(asked: Asked, front: Front, **parameters: str) -> Response:
    """Sends the browser back to the client with `parameters`, its `state`, and who answers.

    `iss` is in every answer, also in errors (RFC 9207). 303 makes a GET of it after a form.
    """
    told_back = dict(parameters)
    if asked.state is not None:
        told_back["state"] = asked.state
    told_back["iss"] = front.issuer
    address = asked.redirect_uri
    joint = "&" if "?" in address else "?"
    if address.endswith(("?", "&")):
        joint = ""
    headers = {**NO_STORE, "Location": f"{address}{joint}{urlencode(told_back)}"}
    return Response(status_code=303, headers={**headers, "Referrer-Policy": "no-referrer"})


def denied(asked: Asked, front: Front, error: str, description: str) -> Response:
    """Sends the browser back to the client with an error (RFC 6749, section 4.1.2.1)."""
    return redirected(asked, front, error=error, error_description=description)


def kind_of(client: Client | None) -> str:
    """A client as a log may name it: the host that vouches for it, else how it became known."""
    return "unknown" if client is None else kind_by(client.host)


def kind_by(host: str) -> str:
    """The same where only the voucher is at hand, "" where there is none."""
    return "known" if host == OPERATOR else host or "registered"


def told(event: str, client: str, outcome: str) -> None:
    """Logs one OAuth outcome: what was asked, by which kind of client (`kind_of`), what came of it."""
    logger.info(
        "%s by %s client: %s",
        event,
        client,
        outcome,
        extra={"oauth_event": event, "oauth_client": client, "oauth_outcome": outcome},
    )
