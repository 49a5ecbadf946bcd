"""The grants of the token endpoint, and revocation: authlib's rules over our tables.

`authorizing` runs them, each request within one transaction: what it claims and what it saves are
one. Codes and tokens are random texts of 256 bits, stored as hashes.
"""

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge

from fullstory_mcp.oauth.clients import KnownClient
from fullstory_mcp.oauth.model import Asked
from fullstory_mcp.oauth.scopes import known_scopes, same_resource
from fullstory_mcp.sealing import Unsealable
from fullstory_mcp.storage import Tx, codes, connections, tokens
from fullstory_mcp.storage.codes import Code
from fullstory_mcp.storage.tokens import Held

logging.getLogger("authlib").setLevel(logging.WARNING)  # its debug lines repeat whole tokens

CODE_SECONDS = 60
"""How long a code may be redeemed; RFC 6749 section 4.1.2 allows ten minutes at most."""

GRACE_SECONDS = 30
"""How long a rotation's answer is given again to a client that may not have received it."""

REUSED = "A refresh token was used a second time, so that somebody may have copied it."
REPLAYED = "An authorization code was used a second time, so that somebody may have copied it."
REVOKED = "The app ended it."
SIGN_IN_OVER = "The sign-in was too long ago. Connect again and sign in."

DAY = 24 * 3600


def issue_code(tx: Tx, asked: Asked, connection_id: str, scopes: tuple[str, ...], now: int) -> str:
    """A new authorization code for a connection that was just made."""
    text = f"fsmcp_ac_{secrets.token_urlsafe(32)}"
    code = Code(
        hash=hashed(text),
        connection_id=connection_id,
        client_id=asked.client_id,
        redirect_uri=asked.redirect_uri,
        redirect_uri_given=int(asked.redirect_uri_given),
        challenge=asked.challenge,
        scopes=" ".join(scopes),
        resource=asked.resource,
        expires_at=now + CODE_SECONDS,
    )
    codes.add(tx, code)
    return text


def hashed(text: str) -> str:
    """How a code or token is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Redeemable:
    """A code as authlib asks about it."""

    code: Code
    code_challenge_method: str = "S256"

    @property
    def code_challenge(self) -> str:
        """What the verifier must hash to."""
        return self.code.challenge

    @property
    def connection_id(self) -> str:
        """What it was issued for."""
        return self.code.connection_id

    def get_redirect_uri(self) -> str | None:
        """The redirect URI that must be repeated (RFC 6749, section 4.1.3)."""
        return self.code.redirect_uri if self.code.redirect_uri_given else None

    def get_scope(self) -> str:
        """What was granted."""
        return self.code.scopes


@dataclass(frozen=True, slots=True)
class Rotatable:
    """A refresh token as authlib asks about it."""

    held: Held

    @property
    def connection_id(self) -> str:
        """What it was issued for."""
        return self.held.token.connection_id

    def check_client(self, client: KnownClient) -> bool:
        """Whether it is that client's."""
        return self.held.client_id == client.client.id

    def get_scope(self) -> str:
        """What was granted."""
        return self.held.token.scopes


class Proof(CodeChallenge):  # type: ignore[misc] # authlib has no types
    """PKCE by S256, of every client: each code has a challenge, so each needs its verifier."""

    CODE_CHALLENGE_METHODS: Mapping[str, Callable[[str, str], bool]] = {
        "S256": lambda verifier, challenge: hmac.compare_digest(
            create_s256_code_challenge(verifier), challenge
        )
    }


class InvalidTargetError(OAuth2Error):  # type: ignore[misc] # authlib has no types
    """The token would be for another resource (RFC 8707, section 2)."""

    error = "invalid_target"
    description = "resource must be what the authorization request named."


class SignedIn:
    """A grant whose tokens do not outlive the sign-in behind their connection.

    The identity provider is asked about a person only when they sign in, so that must come again.
    """

    server: Any

    def seconds_left(self, connection_id: str) -> int | None:
        """How long the sign-in still counts; None where the person pasted a key instead."""
        connection = connections.find(self.server.tx, connection_id)
        if connection is None or connection.claims is None:
            return None
        lasts = self.server.shared.settings.sign_in_days * DAY
        return connection.created_at + int(lasts) - int(self.server.now)

    def is_ours(self, resource: str) -> bool:
        """Whether what was granted is for this server, as another may share the database."""
        return same_resource(resource, self.server.shared.front.resource)

    def generate_token(self, user: str, **given: Any) -> dict[str, Any]:
        """New tokens, the access token for what is left of the sign-in at most."""
        token: dict[str, Any] = super().generate_token(user=user, **given)  # type: ignore[misc] # authlib's
        left = self.seconds_left(user)
        if left is not None:
            token["expires_in"] = min(token["expires_in"], left)
        return token


class CodeGrant(SignedIn, AuthorizationCodeGrant):  # type: ignore[misc] # authlib has no types
    """A code becomes tokens, once."""

    def query_authorization_code(self, code: str, client: KnownClient) -> Redeemable | None:
        """The client's code; also a used one, which is told apart when all else is right."""
        found = codes.find(self.server.tx, hashed(code))
        if found is None or found.client_id != client.client.id or not self.is_ours(found.resource):
            return None
        expired = found.used_at is None and found.expires_at <= self.server.now
        return None if expired else Redeemable(found)

    def validate_token_request(self) -> None:
        """What authlib checks, and that the address and the resource are those of the code."""
        super().validate_token_request()
        code: Code = self.request.authorization_code.code
        if self.request.payload.redirect_uri not in {None, code.redirect_uri}:
            raise InvalidGrantError("Invalid 'redirect_uri' in request.")
        _check_resource(self.request, code.resource)

    def create_token_response(self) -> tuple[int, Any, Any]:
        """Claims the code; a second valid request for it ends the connection (RFC 6749, 4.1.2)."""
        code: Code = self.request.authorization_code.code
        if not codes.claim(self.server.tx, code.hash, self.server.now):
            self.server.end(code.connection_id, REPLAYED, "replayed")
            raise InvalidGrantError
        return super().create_token_response()  # type: ignore[no-any-return] # as annotated

    def authenticate_user(self, authorization_code: Redeemable) -> str:
        """Whom it is for: a connection."""
        return authorization_code.connection_id

    def delete_authorization_code(self, authorization_code: Redeemable) -> None:
        """Leaves it, used, so that a replay is noticed until it is swept."""


class RefreshGrant(SignedIn, RefreshTokenGrant):  # type: ignore[misc] # authlib has no types
    """A refresh token becomes the next one, once (RFC 9700, section 2.2.2)."""

    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Rotatable | None:
        """The refresh token; also a used one, which is told apart when all else is right."""
        held = tokens.find(self.server.tx, hashed(refresh_token))
        if held is None or held.token.kind != "refresh" or not self.is_ours(held.resource):
            return None
        expired = held.token.used_at is None and held.token.expires_at <= self.server.now
        return None if expired else Rotatable(held)

    def validate_token_request(self) -> None:
        """What authlib checks, that the resource is the connection's, and the sign-in not too long ago."""
        super().validate_token_request()
        held: Held = self.request.refresh_token.held
        _check_resource(self.request, held.resource)
        left = self.seconds_left(held.token.connection_id)
        if left is not None and left <= 0:
            self.server.end(held.token.connection_id, SIGN_IN_OVER, "sign-in over")
            raise InvalidGrantError

    def _validate_token_scope(self, token: Rotatable) -> None:
        if not set(known_scopes(self.request.payload.scope)) <= set(token.get_scope().split()):
            raise InvalidScopeError

    def create_token_response(self) -> tuple[int, Any, Any]:
        """Claims the token, answers with the next one, and keeps the answer for a retry."""
        server, token = self.server, self.request.refresh_token.held.token
        if not tokens.claim(server.tx, token.hash, server.now):
            return 200, self._answered_before(token.hash), self.TOKEN_RESPONSE_HEADER
        status, body, headers = super().create_token_response()
        sealed = server.shared.sealer.seal(_purpose(token.hash), body)
        tokens.keep_answer(server.tx, token.hash, sealed)
        tokens.forget_answers_of(server.tx, token.connection_id, server.now - GRACE_SECONDS)
        return status, body, headers

    def authenticate_user(self, refresh_token: Rotatable) -> str:
        """Whom it is for: a connection."""
        return refresh_token.connection_id

    def issue_token(self, user: str, refresh_token: Rotatable) -> Any:
        """The next tokens; the access token has fewer scopes where fewer are asked for."""
        asked = " ".join(known_scopes(self.request.payload.scope))
        return self.generate_token(
            user=user, scope=asked or refresh_token.get_scope(), include_refresh_token=True
        )

    def revoke_old_credential(self, refresh_token: Rotatable) -> None:
        """Leaves it, used, so that its reuse is noticed."""

    def _answered_before(self, token_hash: str) -> Any:
        """What the rotation answered, within the grace; after it the whole connection ends.

        It is read anew: another replica may have rotated it while we waited for the claim.
        """
        held = tokens.find(self.server.tx, token_hash)
        if held is None or held.token.used_at is None:
            raise InvalidGrantError
        token = held.token
        if token.answer is None or self.server.now - token.used_at > GRACE_SECONDS:
            self.server.end(token.connection_id, REUSED, "reused")
            raise InvalidGrantError
        try:
            body = self.server.shared.sealer.open(_purpose(token_hash), token.answer)
        except Unsealable:
            raise InvalidGrantError from None
        self.server.outcome = "repeated"
        return body


class Revocation(RevocationEndpoint):  # type: ignore[misc] # authlib has no types
    """A client gives a token back (RFC 7009); a refresh token's whole connection ends with it."""

    def authenticate_token(self, request: OAuth2Request, client: KnownClient) -> Held | None:
        """The client's own token; any other is answered as one that is gone already."""
        text = request.form.get("token")
        if text is None:
            raise InvalidRequestError("Missing 'token' in request.")
        held = tokens.find(self.server.tx, hashed(text))
        return held if held is not None and held.client_id == client.client.id else None

    def revoke_token(self, token: Held, request: OAuth2Request) -> None:
        """Ends what it stands for."""
        del request
        if token.token.kind == "refresh":
            self.server.end(token.token.connection_id, REVOKED, "connection ended")
        else:
            tokens.remove(self.server.tx, token.token.hash)
            self.server.outcome = "access token ended"


def _check_resource(request: OAuth2Request, bound: str) -> None:
    if not all(same_resource(each, bound) for each in request.resources):
        raise InvalidTargetError


def _purpose(token_hash: str) -> str:
    return f"refreshed:{token_hash}"
