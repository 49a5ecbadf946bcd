"""An organisation's own authorization server, as far as a resource server sees it: keys and tokens."""

import base64
import hmac
import json
import warnings
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from fullstory_mcp.oauth.external import ExternalTokens
from fullstory_mcp.principal import Principal
from oauth.outside import Outside, Page
from support import Clock

ISSUER = "https://login.example.com/tenant"
AUDIENCE = "https://mcp.example.com/mcp"
JWKS_URL = "https://keys.example.com/jwks"

ACCESS = """
[keys.support]
env = "SUPPORT_KEY"
level = "standard"

[keys.reader]
env = "READER_KEY"
scopes = ["fullstory:read"]

[[people]]
email = "ada@example.com"
key = "support"

[[people]]
group = "readers"
key = "reader"

[[people]]
subject = "robot"
issuer = "https://login.example.com/tenant"
key = "reader"

[scopes]
"fs.read" = "fullstory:read"
"fs.all" = ["fullstory:read", "fullstory:write", "fullstory:delete"]
"""
EXTERNAL = {"FULLSTORY_MCP_AUTH": "external", "FULLSTORY_MCP_TOKEN_ISSUER": ISSUER}


@cache
def key(kind: str = "RSA", name: str = "one") -> Key:
    """A private key; the same one for the same words."""
    named = {"kid": name}
    if kind == "RSA":
        return RSAKey.generate_key(2048, named)
    if kind == "EC":
        return ECKey.generate_key("P-256", named)
    return OKPKey.generate_key("Ed25519", named)


@dataclass
class Issuer:
    """Publishes `keys` in `outside`, and signs what a test wants signed."""

    clock: Clock
    outside: Outside = field(default_factory=Outside)
    keys: list[Key] = field(default_factory=lambda: [key()])

    def __post_init__(self) -> None:
        self.publish()

    def publish(self) -> None:
        """Puts metadata and keys where they are looked for."""
        metadata = {"issuer": ISSUER, "jwks_uri": JWKS_URL}
        self.outside.pages[f"{ISSUER}/.well-known/openid-configuration"] = Page(metadata)
        public = [each.as_dict(private=False) for each in self.keys]
        self.outside.pages[JWKS_URL] = Page({"keys": public})

    def fetches(self) -> int:
        """How often the keys were fetched."""
        return self.outside.asked().count(JWKS_URL)

    @staticmethod
    def header(**given: Any) -> str:
        """The first part of a token."""
        return _encoded(json.dumps({"typ": "at+jwt", "kid": "one", **given}).encode())

    def claims(self, **more: Any) -> dict[str, Any]:
        """The claims of a good token of Ada's, with `more`; what is given as None is left out."""
        now = int(self.clock())
        usual = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "u-1",
            "iat": now,
            "exp": now + 600,
            "email": "ada@example.com",
            "email_verified": True,
            "client_id": "our-agent",
            "scope": "openid fullstory:read fullstory:write",
        }
        return {name: value for name, value in (usual | more).items() if value is not None}

    def token(
        self, *, by: Key | None = None, header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        """A signed token; `by` is the key, the first published one if left out."""
        by = by or self.keys[0]
        algorithm = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519"}[by.key_type]
        given = {"alg": algorithm, "kid": by.kid, "typ": "at+jwt", **(header or {})}
        head = {name: value for name, value in given.items() if value is not None}
        registry = _Anything(algorithms=list(JWSRegistry.algorithms))
        with warnings.catch_warnings():
            # Issuers still sign by the old name of Ed25519, and the library says so each time.
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(head, self.claims(**claims), by, registry=registry, default_type=None)


def unsigned(claims: dict[str, Any], **header: Any) -> str:
    """A token that says it needs no signature."""
    return f"{_unsigned({'alg': 'none', 'typ': 'at+jwt', **header}, claims)}."


def signed_with_public_key(claims: dict[str, Any]) -> str:
    """A token by HMAC, with a published key taken for a shared secret, as a forger would."""
    body = _unsigned({"alg": "HS256", "kid": "one", "typ": "at+jwt"}, claims)
    made = hmac.digest(key().as_pem(private=False), body.encode(), "sha256")
    return f"{body}.{_encoded(made)}"


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class _Anything(JWSRegistry):
    """Signs whatever header it is given."""

    def check_header(self, header: Any) -> None:
        """Nothing is wrong."""


async def admitted(tokens: ExternalTokens, token: str) -> Principal:
    """Whom a good token stands for."""
    principal = await tokens.verify(token)
    assert principal is not None
    return principal
