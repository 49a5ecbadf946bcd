"""What a client reads first: which server protects /mcp, and how that server is spoken to.

The protected resource's document (RFC 9728) and, for the embedded front door, the authorization
server's (RFC 8414), which is also OpenID Connect Discovery's place for it. Clients look for both in
different places; each place that we can answer for has the same document.
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fullstory_mcp.oauth.answers import FOR_ANY_ORIGIN, for_any_origin
from fullstory_mcp.oauth.client import METHODS
from fullstory_mcp.oauth.model import Front, Shared
from fullstory_mcp.principal import SCOPES

NAME = "Fullstory"

MAX_AGE = 300
"""Seconds that a document may be kept: a change of settings is seen soon."""

SIGNING_ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519")
"""Signatures of client assertions (`private_key_jwt`): asymmetric ones alone; RFC 9864 names."""

GRANT_TYPES = ("authorization_code", "refresh_token")

PROTECTED_RESOURCE = "oauth-protected-resource"
AUTHORIZATION_SERVER = ("oauth-authorization-server", "openid-configuration")


def protected_resource(shared: Shared) -> dict[str, Any]:
    """The document of the resource (RFC 9728, section 2)."""
    settings = shared.settings
    issuer = settings.token_issuer if settings.mode == "external" else shared.front.issuer
    return {
        "resource": shared.front.resource,
        "authorization_servers": [issuer],
        "scopes_supported": list(SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": NAME,
    }


def authorization_server(front: Front) -> dict[str, Any]:
    """The document of the embedded authorization server (RFC 8414, section 2).

    `client_id_metadata_document_supported` is of draft-ietf-oauth-client-id-metadata-document,
    `authorization_response_iss_parameter_supported` of RFC 9207.
    """
    return {
        "issuer": front.issuer,
        "authorization_endpoint": front.url("/authorize"),
        "token_endpoint": front.url("/token"),
        "registration_endpoint": front.url("/register"),
        "revocation_endpoint": front.url("/revoke"),
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "client_id_metadata_document_supported": True,
        "authorization_response_iss_parameter_supported": True,
    }


def routes(shared: Shared) -> list[Route]:
    """Every place of both documents; the authorization server's only where it is embedded."""
    served = _at(_places(PROTECTED_RESOURCE, shared.front), protected_resource(shared))
    if shared.settings.mode == "embedded":
        document = authorization_server(shared.front)
        for name in AUTHORIZATION_SERVER:
            appended = f"/mcp/.well-known/{name}"
            served += _at([*_places(name, shared.front), appended], document)
    return served


def _places(name: str, front: Front) -> list[str]:
    """At the root, and with the path of the issuer or the resource inserted (RFC 8414, section 3.1).

    `{issuer}/.well-known/…` arrives as the one at the root, as a proxy takes the prefix away.
    """
    ends = ("", "/mcp", front.prefix, f"{front.prefix}/mcp")
    return [f"/.well-known/{name}{end}" for end in dict.fromkeys(ends)]


def _at(paths: list[str], document: Mapping[str, Any]) -> list[Route]:
    body = to_json(document)

    async def answer(_: Request) -> Response:
        headers = {**FOR_ANY_ORIGIN, "Cache-Control": f"public, max-age={MAX_AGE}"}
        return Response(body, headers=headers, media_type="application/json")

    endpoint = for_any_origin(answer)
    return [Route(path, endpoint, methods=["GET", "OPTIONS"]) for path in paths]
