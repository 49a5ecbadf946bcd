"""What /authorize is asked: whose browser may be sent where, and is the rest of it right.

A request whose client or redirect URI is not beyond doubt ends on a page of ours. What else is
wrong is told to the client, by a redirect (RFC 6749, section 4.1.2.1).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fullstory_mcp.oauth import redirects
from fullstory_mcp.oauth.client import Client
from fullstory_mcp.oauth.forms import REPEATABLE, Parameters
from fullstory_mcp.oauth.model import Asked, Shared
from fullstory_mcp.oauth.scopes import known_scopes, same_resource

_S256 = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 in base64url (RFC 7636, section 4.2)."""


READ = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "prompt",
)
"""What means something here, beside `resource`."""


class Unsafe(Exception):
    """Nobody may be sent anywhere for this request; the text is for the person."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """An error for the client to be told, in plain ASCII."""

    error: str
    description: str


def began(shared: Shared, given: Parameters, client: Client) -> Asked:
    """The request as far as it must be right before anybody is sent anywhere.

    Raises:
        Unsafe: the redirect URI is not the client's own.
    """
    if "redirect_uri" in given.faults:
        why = given.faults["redirect_uri"]
        raise Unsafe(f"The app's link is not usable: redirect_uri {why}")
    requested = given.get("redirect_uri")
    schemes = shared.settings.redirect_schemes
    address = redirects.chosen(requested, client.redirect_uris, schemes)
    if address is None:
        raise Unsafe(
            "The app asked to be answered at an address that is not one of its own"
            if requested
            else "The app did not say where it wants to be answered"
        )
    return Asked(
        client_id=client.id,
        client_name=client.name,
        client_host=client.host,
        redirect_uri=address,
        redirect_uri_given=requested is not None,
        state=given.get("state"),
        scopes=(),
        resource=shared.front.resource,
        challenge="",
    )


def wrong(shared: Shared, given: Parameters) -> Wrong | None:
    """The first thing that is wrong with the rest of a request; None where all is well."""
    for check in CHECKS:
        if (found := check(shared, given)) is not None:
            return found
    return None


def completed(shared: Shared, given: Parameters, asked: Asked) -> Asked:
    """The whole of a request that is right."""
    scopes = known_scopes(given.get("scope")) or shared.settings.first_scopes
    return replace(asked, scopes=scopes, challenge=given.get("code_challenge") or "")


def query_of(given: Parameters) -> str:
    """A request that is right, as a query: what means something here, and nothing else."""
    named = [(name, value) for name in READ if (value := given.get(name)) is not None]
    return urlencode([*named, *((REPEATABLE, value) for value in given.resources)])


def _faulty(_: Shared, given: Parameters) -> Wrong | None:
    return Wrong("invalid_request", given.fault) if given.fault else None


def _response_type(_: Shared, given: Parameters) -> Wrong | None:
    kind = given.get("response_type")
    if kind is None:
        return Wrong("invalid_request", "response_type is missing.")
    if kind != "code":
        return Wrong("unsupported_response_type", "response_type must be code.")
    return None


def _response_mode(_: Shared, given: Parameters) -> Wrong | None:
    if given.get("response_mode") in {None, "query"}:
        return None
    return Wrong("invalid_request", "response_mode must be query.")


def _challenge(_: Shared, given: Parameters) -> Wrong | None:
    challenge = given.get("code_challenge")
    if challenge is None:
        return Wrong("invalid_request", "code_challenge is missing: every client must use PKCE.")
    if given.get("code_challenge_method") != "S256":
        return Wrong("invalid_request", "code_challenge_method must be S256.")
    if not _S256.fullmatch(challenge):
        return Wrong("invalid_request", "code_challenge must be 43 characters of base64url.")
    return None


def _resource(shared: Shared, given: Parameters) -> Wrong | None:
    if all(same_resource(each, shared.front.resource) for each in given.resources):
        return None
    return Wrong("invalid_target", f"resource must be {shared.front.resource}.")


def _prompt(_: Shared, given: Parameters) -> Wrong | None:
    """Consent is asked for each time, so it cannot go on without a page (OpenID Connect Core 3.1.2.6)."""
    if "none" not in (given.get("prompt") or "").split():
        return None
    return Wrong("interaction_required", "A person has to agree on a page.")


CHECKS: tuple[Callable[[Shared, Parameters], Wrong | None], ...] = (
    _faulty,
    _response_type,
    _response_mode,
    _challenge,
    _resource,
    _prompt,
)
