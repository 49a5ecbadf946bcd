"""Stands before /mcp: who is calling, how often, and whether the client must ask for more.

A refusal here is an HTTP status with a challenge, because only that makes a client sign in (401) or
ask its person for more (403, `insufficient_scope`). The tool's own check stays with the gate: this
one reads the body, since headers can say anything, and lets through whatever it cannot read.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fullstory_mcp.access.freezes import UNKNOWN
from fullstory_mcp.catalogue import Tool
from fullstory_mcp.errors import CallerError, OperatorError, StorageUnavailable
from fullstory_mcp.gate import needed_scope
from fullstory_mcp.oauth.limits import Rate
from fullstory_mcp.oauth.model import Front
from fullstory_mcp.policy import Ruling
from fullstory_mcp.principal import SCOPES, Principal

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5
"""What a client is told to wait when the database is away."""

Still = Callable[[], Awaitable[bool]]
"""Asks whether somebody who was let in would still be."""


@dataclass(frozen=True, slots=True)
class _LetIn:
    principal: Principal
    still: Still


@dataclass(frozen=True, slots=True)
class Oversight:
    """What the operator says of callers, and is told of them.

    `ruling` asks the policy, so that nobody is sent to consent to what it would refuse; `frozen` why a
    caller's access is ended ("" where it is not), so that its open streams end, too; `refused` writes
    down what was refused here.
    """

    ruling: Callable[[Principal], Ruling | None]
    frozen: Callable[[Principal], Awaitable[str]]
    refused: Callable[[Principal, Tool, str], None]


_let_in: ContextVar[_LetIn] = ContextVar("let_in")


def caller() -> Principal:
    """Who sent the request at hand.

    Raises:
        LookupError: nobody was let in; a bug, and no reason to let anyone in.
    """
    return _let_in.get().principal


def still_let_in() -> Still:
    """What to ask later about the token of the request at hand, where its answer never ends.

    Raises:
        LookupError: nobody was let in.
    """
    return _let_in.get().still


class Verifier(Protocol):
    """Tells whom a bearer token stands for."""

    async def verify(self, token: str) -> Principal | None:
        """The principal, or None where the token is not good."""


class NotAdmitted(CallerError):
    """The token is good, and yet its person has no place here; the text says why."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What one connection, and all with one key, may call."""

    connection: Rate
    key: Rate


class Guard:
    """The ASGI application that lets callers through to `app`."""

    def __init__(  # noqa: PLR0913 - wiring names every part
        self,
        app: ASGIApp,
        *,
        verifier: Verifier,
        front: Front,
        tools: Mapping[str, Tool],
        oversight: Oversight,
        rates: Rates,
        first_scopes: tuple[str, ...],
        most_body_bytes: int,
    ) -> None:
        self._app = app
        self._verifier = verifier
        self._tools = tools
        self._oversight = oversight
        self._rates = rates
        self._most_body_bytes = most_body_bytes
        self._origins = frozenset({front.origin})
        self._metadata = f"{front.origin}/.well-known/oauth-protected-resource{front.prefix}/mcp"
        self._first_scopes = " ".join(first_scopes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets one request through, or answers it."""
        headers = Headers(scope=scope)
        try:
            admitted = await self._admitted(headers)
        except StorageUnavailable as error:
            logger.error("%s", error)  # noqa: TRY400 - its text is ours, its traceback tells nothing
            admitted = unavailable()
        if isinstance(admitted, Response):
            await admitted(scope, receive, send)
            return
        body = _Body(receive, self._most_body_bytes)
        if refusal := await self._more_needed(admitted, body):
            await refusal(scope, receive, send)
            return
        before = _let_in.set(_LetIn(admitted, partial(self._still, headers)))
        try:
            await self._app(scope, body.receive, send)
        finally:
            _let_in.reset(before)

    async def _admitted(self, headers: Headers) -> Principal | Response:
        """The caller, or what to answer instead."""
        token = self._token(headers)
        if isinstance(token, Response):
            return token
        try:
            principal = await self._verifier.verify(token)
        except NotAdmitted as error:
            return _said(403, "access_denied", str(error))
        except StorageUnavailable:
            raise
        except OperatorError as error:
            logger.error("%s", error)  # noqa: TRY400 - as above
            return _said(503, "temporarily_unavailable", "This server cannot use its keys now.")
        if principal is None:
            return self._sign_in("The access token is unknown, expired or revoked.")
        return self._too_often(principal) or principal

    async def _still(self, headers: Headers) -> bool:
        """Whether the request would be let in again; where nobody can say just now, it would."""
        token = self._token(headers)
        try:
            principal = await self._verifier.verify(token) if isinstance(token, str) else None
        except NotAdmitted:
            return False
        except OperatorError:
            return True
        return principal is not None and await self._oversight.frozen(principal) in {"", UNKNOWN}

    def _token(self, headers: Headers) -> str | Response:
        """The bearer token of a request; only its one header counts (RFC 6750, section 2.1)."""
        if (origin := headers.get("origin")) is not None and origin not in self._origins:
            return _said(403, "invalid_request", "This origin may not call from a browser.")
        given = headers.getlist("authorization")
        if len(given) > 1:
            return _said(400, "invalid_request", "Send one Authorization header.")
        scheme, _, token = (given[0] if given else "").partition(" ")
        token = token.strip()
        return token if scheme.lower() == "bearer" and token else self._sign_in()

    def _too_often(self, principal: Principal) -> Response | None:
        for what, seconds in (
            ("this connection", self._rates.connection.wait(principal.connection)),
            ("this Fullstory key", self._rates.key.wait(principal.key.fingerprint)),
        ):
            if seconds:
                text = f"Too many requests of {what}: wait {seconds} s."
                return _said(429, "rate_limited", text, {"Retry-After": str(seconds)})
        return None

    def _sign_in(self, why: str = "") -> Response:
        """401: where to sign in, and what to ask for first; an error is named only for a token."""
        fault = {"error": "invalid_token", "error_description": why} if why else {}
        challenge = self._challenge({**fault, "scope": self._first_scopes})
        text = why or "Sign in first: the WWW-Authenticate header says where."
        return _said(401, "invalid_token" if why else "unauthorized", text, challenge)

    async def _more_needed(self, principal: Principal, body: "_Body") -> Response | None:
        """403 where the call needs a scope that the connection lacks; None where it may go on.

        What the operator denies, by access file or policy, no consent can give: the gate says so.
        """
        if principal.scopes is None or principal.scopes.issuperset(SCOPES):
            return None
        tool = self._tools.get(_tool_called(await body.whole()))
        if tool is None or (needed := needed_scope(tool)) in principal.scopes | principal.denied:
            return None
        if (ruling := self._oversight.ruling(principal)) and not (
            ruling.rules and ruling.rules.allows(tool)
        ):
            return None
        wanted = [scope for scope in SCOPES if scope in principal.scopes or scope == needed]
        why = f"{tool.name} needs {needed}, which this connection was not granted."
        challenge = self._challenge(
            {"error": "insufficient_scope", "error_description": why, "scope": " ".join(wanted)}
        )
        self._oversight.refused(principal, tool, f"scope {needed}")
        return _said(403, "insufficient_scope", why, challenge)

    def _challenge(self, parts: Mapping[str, str]) -> dict[str, str]:
        named = {**parts, "resource_metadata": self._metadata}
        told = ", ".join(f'{name}="{value}"' for name, value in named.items())
        return {"WWW-Authenticate": f"Bearer {told}"}


class _Body:
    """A request's body that can be looked at before it is handed on."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._seen: list[Message] = []

    async def whole(self) -> bytes:
        """The body as far as it may go; what follows is left for whoever refuses it."""
        size = 0
        while True:
            message = await self._receive()
            self._seen.append(message)
            size += len(message.get("body", b""))
            more = message["type"] == "http.request" and message.get("more_body", False)
            if not more or size > self._most:
                break
        return b"".join(message.get("body", b"") for message in self._seen)

    async def receive(self) -> Message:
        """The messages again, and then those that are still to come."""
        return self._seen.pop(0) if self._seen else await self._receive()


def _tool_called(body: bytes) -> str:
    """The tool that a request calls, "" where it calls none or cannot be read."""
    try:
        message: Any = from_json(body)
    except ValueError:
        return ""
    if not isinstance(message, dict) or message.get("method") != "tools/call":
        return ""
    params = message.get("params")
    name = params.get("name") if isinstance(params, dict) else None
    return name if isinstance(name, str) else ""


def unavailable() -> Response:
    """503: the database is away; the same request may be sent again."""
    text = "This server cannot reach its database at the moment. Try again in a few seconds."
    return _said(503, "temporarily_unavailable", text, {"Retry-After": str(RETRY_SECONDS)})


def _said(
    status: int, error: str, description: str, headers: Mapping[str, str] | None = None
) -> Response:
    return JSONResponse(
        {"error": error, "error_description": description},
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
