"""GET and POST /authorize, POST /token, POST /revoke: HTTP around the rules in the other rooms."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fullstory_mcp.oauth import (
    authorization_request,
    authorizing,
    browser,
    consent,
    cookies,
    forms,
    pages,
)
from fullstory_mcp.oauth.answers import (
    Refused,
    denied,
    for_any_origin,
    kind_of,
    told,
)
from fullstory_mcp.oauth.authentication import Presented, presented
from fullstory_mcp.oauth.authorization_request import Unsafe
from fullstory_mcp.oauth.authorizing import Caller, TokenRequest
from fullstory_mcp.oauth.client import Client
from fullstory_mcp.oauth.clients import Clients
from fullstory_mcp.oauth.fetching import FetchRefused
from fullstory_mcp.oauth.forms import Parameters
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.waiting import Closed, sent_on

Work = Callable[[Shared, Caller, TokenRequest], tuple[Response, str]]
"""Runs a request in a worker thread; the text says what came of it."""

MOST_QUERY = 8_192
"""Characters of what /authorize is asked."""

RETRY_SECONDS = 30
"""When to come again, where a client's document could not be had just now."""

UNSAFE = "This app cannot be connected"
NOBODY_SENT = "You were not sent on, and nothing was connected. Go back to the app and start again."


class Endpoints:
    """The endpoints of one front door."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._clients = Clients(shared)

    async def authorize(self, request: Request) -> Response:
        """Checks what is asked and hands it to the consent page."""
        try:
            given = await _asked(request)
            client = await self._client(given, browser.address_of(self._shared, request))
            asked = authorization_request.began(self._shared, given, client)
        except Unsafe as unsafe:
            told("authorize", "unknown", "refused on a page")
            return pages.error_page(400, UNSAFE, f"{unsafe}. {NOBODY_SENT}")
        wrong = authorization_request.wrong(self._shared, given)
        if wrong is not None:
            told("authorize", kind_of(client), wrong.error)
            return denied(asked, self._shared.front, wrong.error, wrong.description)
        if request.method == "POST" and cookies.known(self._shared.front, request) is None:
            # Another site's form comes without our cookie, and would be given another one, which ends
            # what is open in this browser. The same by GET brings the cookie along (SameSite=Lax).
            told("authorize", kind_of(client), "sent round")
            query = authorization_request.query_of(given)
            return sent_on(f"{self._shared.front.url('/authorize')}?{query}")
        whole = authorization_request.completed(self._shared, given, asked)
        try:
            answer = await consent.begin(self._shared, request, whole)
        except Closed as closed:
            told("authorize", kind_of(client), "too many from one address")
            return closed.page
        told("authorize", kind_of(client), "asked for consent")
        return answer

    async def token(self, request: Request) -> Response:
        """A code or a refresh token becomes tokens."""
        return await self._answered(request, "/token", authorizing.exchanged)

    async def revoke(self, request: Request) -> Response:
        """A token is given back."""
        return await self._answered(request, "/revoke", authorizing.revoked)

    async def _answered(self, request: Request, path: str, work: Work) -> Response:
        """Reads a request, finds out whose it is, and runs it; logs what came of it.

        Raises:
            Refused: before anything of it was done.
        """
        event, client = path[1:], None
        try:
            form = await forms.form_of(request)
            if path == "/token" and form.get("grant_type") is None:
                raise Refused("invalid_request", "grant_type is missing.")  # noqa: TRY301 - logged below with the rest
            event = EVENTS.get(form.get("grant_type") or "", event)
            who = presented(request.headers, form)
            caller = await self._caller(who, browser.address_of(self._shared, request))
            client = caller.client
            authorization = request.headers.get("Authorization", "")
            asked = TokenRequest(self._shared.front.url(path), form, authorization, who)
            answer, outcome = await self._shared.database.in_thread(
                work, self._shared, caller, asked
            )
        except Refused as refused:
            told(event, kind_of(client), refused.error)
            raise
        told(event, kind_of(client), outcome)
        return answer

    async def _caller(self, who: Presented, address: str) -> Caller:
        """What is known of the client; asked before any transaction, as its documents may be far.

        Raises:
            Refused: its documents cannot be had now.
        """
        try:
            client = await self._clients.find(who.client_id, address, stale=True)
            signed = client is not None and who.method == "private_key_jwt"
            keys = (
                await self._clients.keys_of(client, who.kid, address) if client and signed else None
            )
        except FetchRefused as refused:
            raise Refused(
                "temporarily_unavailable", str(refused), 503, {"Retry-After": str(RETRY_SECONDS)}
            ) from None
        return Caller(client, keys)

    async def _client(self, given: Parameters, address: str) -> Client:
        client_id = given.get("client_id")
        if client_id is None:
            why = given.faults.get("client_id", "is missing")
            raise Unsafe(f"The app's link is not usable: client_id {why}")
        try:
            client = await self._clients.find(client_id, address)
        except FetchRefused as refused:
            raise Unsafe(str(refused).removesuffix(".")) from None
        if client is None:
            raise Unsafe(
                "The app is not known here. If it was connected before, remove the connection in the "
                "app and add it again"
            )
        return client


EVENTS = {"refresh_token": "refresh"}
"""What is logged as something else than its endpoint."""


def routes(shared: Shared) -> list[Route]:
    """The authorization, token and revocation endpoints."""
    endpoints = Endpoints(shared)
    return [
        Route("/authorize", endpoints.authorize, methods=["GET", "POST"]),
        Route("/token", for_any_origin(endpoints.token), methods=["POST", "OPTIONS"]),
        Route("/revoke", for_any_origin(endpoints.revoke), methods=["POST", "OPTIONS"]),
    ]


async def _asked(request: Request) -> Parameters:
    """What /authorize is asked, in the query or in a form (RFC 6749, section 3.1).

    Raises:
        Unsafe: it cannot be read, or is longer than any client's.
    """
    if request.method == "POST":
        encoded = await _form(request)
    else:
        encoded = request.scope["query_string"]
    if len(encoded) > MOST_QUERY:
        raise Unsafe("The app's link is longer than this server reads")
    try:
        return forms.parameters(encoded)
    except forms.Unreadable:
        raise Unsafe("The app's link cannot be read") from None


async def _form(request: Request) -> bytes:
    if forms.media_type(request) != forms.FORM:
        raise Unsafe("The app did not send a form")
    try:
        return await forms.body_of(request, MOST_QUERY)
    except Refused:
        raise Unsafe("The app's form is longer than this server reads") from None
