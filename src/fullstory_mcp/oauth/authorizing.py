"""Runs a request of a client against the grants: authlib's server, made anew for each transaction.

Errors are answered, not raised out of the transaction, because some of them end a connection, and
that must be kept.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from joserfc.jwk import KeySet
from starlette.responses import Response

from fullstory_mcp.oauth import authentication
from fullstory_mcp.oauth.answers import Refused, json_answer, refusal
from fullstory_mcp.oauth.authentication import Presented
from fullstory_mcp.oauth.client import Client
from fullstory_mcp.oauth.clients import KnownClient
from fullstory_mcp.oauth.forms import Parameters
from fullstory_mcp.oauth.grants import (
    CodeGrant,
    Proof,
    Redeemable,
    RefreshGrant,
    Revocation,
    Rotatable,
    hashed,
)
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.storage import Tx, clients, connections, tokens
from fullstory_mcp.storage.tokens import Kind, Token

DAY = 24 * 3600

ANSWERED = "answered"
"""What came of a request, unless something else did."""

CLIENT_DAYS = 90
"""How long a registration holds after its last use, where connections do not hold longer."""

DESCRIPTIONS: Mapping[str, str] = {
    "invalid_grant": "The code or token is unknown, expired, used, or another client's.",
    "invalid_scope": "scope asks for more than was granted.",
    "unsupported_grant_type": "grant_type must be authorization_code or refresh_token.",
}
"""Where authlib says nothing, or repeats what it was sent."""


class TokenRequest(OAuth2Request):  # type: ignore[misc] # authlib has no types
    """A request to an endpoint for clients, already read; its address is the public one."""

    def __init__(
        self, url: str, form: Parameters, authorization: str, presented: Presented
    ) -> None:
        super().__init__("POST", url, headers={"Authorization": authorization})
        self.payload = BasicOAuth2Payload(dict(form.values))
        self.resources = form.resources
        self.presented = presented

    @property
    def form(self) -> Mapping[str, str]:
        """The body's parameters."""
        return self.payload.data  # type: ignore[no-any-return] # what was given above


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request says it is from, as far as we know it: the client and its public keys."""

    client: Client | None
    keys: KeySet | None


class Server(AuthorizationServer):  # type: ignore[misc] # authlib has no types
    """authlib's server for one request, within one transaction; `outcome` is what came of it."""

    def __init__(self, shared: Shared, tx: Tx, caller: Caller) -> None:
        super().__init__()
        self.shared = shared
        self.tx = tx
        self.now = int(shared.clock())
        self.outcome = ANSWERED
        self._caller = caller
        self.register_grant(CodeGrant, [Proof()])
        self.register_grant(RefreshGrant)
        self.register_endpoint(Revocation)
        self.register_client_auth_method("private_key_jwt", self._by_assertion)

    def query_client(self, client_id: str) -> KnownClient | None:
        """The client that was looked up beforehand, if it is this one."""
        client = self._caller.client
        return KnownClient(client) if client is not None and client.id == client_id else None

    def authenticate_client(
        self, request: TokenRequest, methods: list[str], endpoint: str = "token"
    ) -> KnownClient:
        """Lets only the way that the request chose count: no weaker one is tried after it."""
        del methods
        chosen = [request.presented.method]
        return super().authenticate_client(request, chosen, endpoint)  # type: ignore[no-any-return] # as annotated

    def generate_token(  # noqa: PLR0913, PLR0917 - authlib's own signature
        self,
        grant_type: str,
        client: KnownClient,
        user: str | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,  # noqa: FBT002 - the same
    ) -> dict[str, Any]:
        """New tokens, as the client is told of them (RFC 6749, section 5.1)."""
        del grant_type, client, user, expires_in, include_refresh_token
        return {
            "access_token": f"fsmcp_at_{secrets.token_urlsafe(32)}",
            "token_type": "Bearer",
            "expires_in": self.shared.settings.access_minutes * 60,
            "refresh_token": f"fsmcp_rt_{secrets.token_urlsafe(32)}",
            "scope": scope or "",
        }

    def save_token(self, token: Mapping[str, Any], request: TokenRequest) -> None:
        """Stores both; the refresh token keeps all that was granted (RFC 6749, section 6)."""
        source: Redeemable | Rotatable = request.authorization_code or request.refresh_token
        lives = self.shared.settings.refresh_days * DAY
        rows: tuple[tuple[Kind, str, str, int], ...] = (
            ("access", token["access_token"], token["scope"], token["expires_in"]),
            ("refresh", token["refresh_token"], source.get_scope(), lives),
        )
        for kind, text, scope, seconds in rows:
            tokens.add(
                self.tx,
                Token(
                    hash=hashed(text),
                    kind=kind,
                    connection_id=source.connection_id,
                    scopes=scope,
                    created_at=self.now,
                    expires_at=self.now + seconds,
                ),
            )
        self.outcome = "issued"
        hold = max(CLIENT_DAYS * DAY, lives)
        clients.used(self.tx, request.client.client.id, self.now, hold=hold, at_most_every=DAY)

    def end(self, connection_id: str, why: str, outcome: str) -> None:
        """Ends a connection with everything that was handed out for it."""
        connections.end(self.tx, connection_id, why, self.now)
        self.outcome = outcome

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        """The request, which was read before."""
        return request

    def handle_response(self, status: int, body: Mapping[str, Any], headers: object) -> Response:
        """An answer of authlib's, with our own headers."""
        del headers
        return json_answer(body, status)

    def handle_error_response(self, request: TokenRequest, error: OAuth2Error) -> Response:
        """An error of authlib's in texts that repeat nothing."""
        if self.outcome == ANSWERED:
            self.outcome = error.error
        if error.error == "invalid_client":
            return refusal(authentication.failed(request.presented.method))
        description = error.description or DESCRIPTIONS.get(error.error, "")
        return refusal(Refused(error.error, description))

    def _by_assertion(
        self, query_client: Callable[[str], KnownClient | None], request: TokenRequest
    ) -> KnownClient | None:
        client = query_client(request.presented.client_id)
        if client is None or self._caller.keys is None:
            return None
        proven = authentication.proven(
            self.tx,
            request.form["client_assertion"],
            front=self.shared.front,
            client_id=client.client.id,
            keys=self._caller.keys,
            now=self.now,
        )
        return client if proven else None


def exchanged(shared: Shared, caller: Caller, request: TokenRequest) -> tuple[Response, str]:
    """A token request's answer, and in a word what came of it; runs in a worker thread."""
    with shared.database.begin() as tx:
        server = Server(shared, tx, caller)
        answer: Response = server.create_token_response(request)
        return answer, server.outcome


def revoked(shared: Shared, caller: Caller, request: TokenRequest) -> tuple[Response, str]:
    """The same for a revocation."""
    with shared.database.begin() as tx:
        server = Server(shared, tx, caller)
        answer: Response = server.create_endpoint_response("revocation", request)
        return answer, server.outcome
