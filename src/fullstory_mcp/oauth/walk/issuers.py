"""The organisation's own servers: the identity provider that people sign in at, or the token issuer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from fullstory_mcp.oauth.issuer_keys import same_issuer
from fullstory_mcp.oauth.keysets import key_set_of
from fullstory_mcp.oauth.walk.answers import Fault, Unchecked, Walker, asked, object_in

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


async def provider(walker: Walker) -> str:
    """OpenID Connect Discovery 1.0 of FULLSTORY_MCP_OIDC_ISSUER, and its keys."""
    issuer = walker.shared.settings.oidc_issuer
    if not issuer:
        raise Unchecked("no organisation sign-in is set; people paste a key")
    found = await _metadata(walker, issuer, "FULLSTORY_MCP_OIDC_ISSUER")
    if missing := [name for name in NEEDED if not isinstance(found.get(name), str)]:
        raise Fault(f"The identity provider's metadata does not name {', '.join(missing)}.")
    await _keys(walker, found["jwks_uri"])
    return f"the identity provider answers; its redirect URI here is {walker.front.url('/signin/callback')}"


async def issuer(walker: Walker) -> str:
    """Metadata and keys of FULLSTORY_MCP_TOKEN_ISSUER, as far as clients and we need them."""
    settings = walker.shared.settings
    named = settings.token_issuer or ""
    found = await _metadata(walker, named, "FULLSTORY_MCP_TOKEN_ISSUER")
    if "S256" not in (found.get("code_challenge_methods_supported") or []):
        raise Fault(
            "The token issuer's metadata does not list S256 in code_challenge_methods_supported: MCP "
            "clients refuse such a server. Turn PKCE on there."
        )
    address = settings.token_jwks_url or found.get("jwks_uri")
    if not isinstance(address, str):
        raise Fault(
            "The token issuer's metadata names no jwks_uri: set FULLSTORY_MCP_TOKEN_JWKS_URL."
        )
    await _keys(walker, address)
    own = (
        "registration_endpoint" in found
        or found.get("client_id_metadata_document_supported") is True
    )
    return "the token issuer answers" + (
        ""
        if own
        else "; clients cannot register themselves there, so each needs a client id that you make"
    )


async def _metadata(walker: Walker, named: str, setting: str) -> Mapping[str, Any]:
    """The issuer's document: OpenID Connect Discovery 1.0 section 4, else RFC 8414 section 3."""
    parts = urlsplit(named)
    places = (
        f"{named}/.well-known/openid-configuration",
        f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}",
    )
    for url in places:
        answer = await asked(walker.outside, "GET", url)
        if answer.status_code == 404:
            continue
        if answer.status_code != 200:
            raise Fault(f"{setting}: its metadata is answered with {answer.status_code}.")
        found = object_in(answer)
        if not same_issuer(found.get("issuer"), named):
            raise Fault(
                f"{setting}: the metadata there names another issuer. Set it to exactly what the "
                "metadata's `issuer` says."
            )
        return found
    raise Fault(
        f"{setting}: there is no metadata there. Is it the issuer itself, without a path after it?"
    )


async def _keys(walker: Walker, url: str) -> None:
    if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise Fault("The issuer's key set is not at an https address.")
    answer = await asked(walker.outside, "GET", url)
    if answer.status_code != 200 or key_set_of(object_in(answer)) is None:
        raise Fault(f"The issuer's key set at {url[:200]} holds no key that could be used.")
