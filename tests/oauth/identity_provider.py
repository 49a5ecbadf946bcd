"""An organisation's identity provider: discovery, keys, an authorization and a token endpoint.

It signs in `person` at once, without a page, as a provider with a session does. A test may change
anything that it says (`claims`, `metadata`) or how it behaves (`faults`).
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2 as httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from support import Clock

ISSUER = "https://id.example.com"
CLIENT_ID = "fullstory-mcp-at-example"
CLIENT_SECRET = "secret-at-the-identity-provider"

SETTINGS = {
    "FULLSTORY_MCP_OIDC_ISSUER": ISSUER,
    "FULLSTORY_MCP_OIDC_CLIENT_ID": CLIENT_ID,
    "FULLSTORY_MCP_OIDC_CLIENT_SECRET": CLIENT_SECRET,
}
"""What a server is told of this provider."""

ADA = {"sub": "u-ada", "email": "ada@example.com", "email_verified": True, "groups": ["support"]}

_KEYS = {kid: RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}) for kid in ("first", "second")}


@dataclass
class IdentityProvider(httpx.AsyncBaseTransport):
    """The provider as the network reaches it; `requests` are the paths that were asked.

    `claims` come on top of the ID token's own, None takes one out. `away` lists paths that do not
    answer. `forged` alters the ID token after it was signed.
    """

    clock: Clock
    person: dict[str, Any] = field(default_factory=lambda: dict(ADA))
    issuer: str = ISSUER
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    kid: str = "first"
    published: tuple[str, ...] = ("first",)
    away: tuple[str, ...] = ()
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    forged: Callable[[str], str | None] | None = None
    requests: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def transport(self) -> httpx.AsyncBaseTransport:
        """Itself, where a factory of transports is wanted."""
        return self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answers what the relying party asks."""
        path = request.url.path
        self.requests.append(path)
        if path in self.away:
            raise httpx.ConnectTimeout("the test took the provider away", request=request)
        if path in self.answers:
            return self.answers[path]
        body = (await request.aread()).decode()
        answer = {
            "/.well-known/openid-configuration": lambda: (200, self._metadata()),
            "/keys": lambda: (200, self._keys()),
            "/token": lambda: self._token(request, body),
        }[path]
        status, content = answer()
        return httpx.Response(status, json=content)

    def sign_in(self, address: str, **changed: str) -> str:
        """Where the browser goes from the authorization endpoint: back, signed in.

        `changed` replaces or adds parameters of the answer.
        """
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.issuer}/authorize?"), address
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        told = {"code": code, "state": query["state"], "iss": self.issuer} | changed
        parameters = {name: value for name, value in told.items() if value}
        return f"{query['redirect_uri']}?{urlencode(parameters)}"

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def _keys(self) -> dict[str, Any]:
        return dict(KeySet([_KEYS[kid] for kid in self.published]).as_dict(private=False))

    def _token(self, request: httpx.Request, body: str) -> tuple[int, dict[str, Any]]:
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.codes.pop(form["code"], None)
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if request.headers["authorization"] != f"Basic {pair}":
            return 401, {"error": "invalid_client"}
        token = {"access_token": "opaque-at-the-provider", "token_type": "Bearer"}
        signed = self._id_token(asked["nonce"])
        return 200, token if signed is None else {**token, "id_token": signed}

    def _id_token(self, nonce: str) -> str | None:
        now = int(self.clock())
        whole = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.person,
            **self.claims,
        }
        claims = {name: value for name, value in whole.items() if value is not None}
        signed = jwt.encode({"alg": "RS256", "kid": self.kid}, claims, _KEYS[self.kid])
        return signed if self.forged is None else self.forged(signed)


def unsigned(token: str) -> str:
    """The same claims under `alg: none`."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def altered(token: str) -> str:
    """Other claims under the same signature."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    told = json.dumps({**claims, "email": "boss@example.com"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(told).rstrip(b'=').decode()}.{signature}"


def without(_token: str) -> None:
    """No ID token at all."""
