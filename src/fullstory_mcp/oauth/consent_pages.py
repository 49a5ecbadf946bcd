"""What the consent page shows at each step, in plain words. What is decided is `consent`'s."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from fullstory_mcp.oauth import browser, pages
from fullstory_mcp.oauth.access import NamedKey
from fullstory_mcp.oauth.model import Asked, Shared
from fullstory_mcp.oauth.proof import KeyProof, PersonProof, Refused
from fullstory_mcp.oauth.waiting import Waiting
from fullstory_mcp.principal import SCOPES, Level

SCOPE_WORDS: Mapping[str, tuple[str, str]] = {
    "fullstory:read": (
        "Read",
        "See sessions, events and segments, and people’s names, e-mail addresses and properties.",
    ),
    "fullstory:write": (
        "Create and change",
        "Send and change users, events, annotations, summary profiles, webhooks and exports.",
    ),
    "fullstory:delete": (
        "Delete",
        "Delete users and their data, summary profiles and webhooks. Each deletion is asked twice.",
    ),
}
"""What each scope lets a client do, as a person would say it."""

LEVEL_WORDS: Mapping[Level, str] = {
    "standard": (
        "Standard: it reads sessions and sends data. It cannot look up or delete users, read "
        "segments and exports, or manage webhooks, whatever you allow here."
    ),
    "architect": "Architect: it cannot manage webhooks, whatever you allow here.",
    "admin": "Admin: it can do everything that you allow here.",
}
"""What a key of each level can and cannot do."""

TICKED = frozenset({"fullstory:read", "fullstory:write"})
"""What is ticked beforehand where it was asked for. Deleting is ticked on purpose."""


def offered(asked: Asked, named: NamedKey | None) -> tuple[str, ...]:
    """What can be granted of what was asked: with an operator's key, only what that key is for."""
    return tuple(
        scope
        for scope in SCOPES
        if scope in asked.scopes and (named is None or scope in named.scopes)
    )


def form_name(waits: Waiting) -> str:
    """What the forms of a request are sealed to, beside the browser."""
    return f"consent:{waits.row.id}"


def step(shared: Shared, waits: Waiting, asked: Asked) -> Response:
    """The step that a request is at."""
    shows = waits.proof
    if isinstance(shows, KeyProof):
        return _decide(shared, waits, asked, None)
    if isinstance(shows, PersonProof):
        named = shared.access.match(shows.identity)
        return _decide(shared, waits, asked, named) if named else _keyless(shared, waits, asked)
    return _prove(shared, waits, asked)


def refused(shared: Shared, waits: Waiting, asked: Asked, why: Refused) -> Response:
    """The first step again, or a page of its own where trying again now would not help."""
    if why.status == 429:
        return pages.error_page(429, "Too many tries", str(why), retry_after=why.seconds)
    return _prove(shared, waits, asked, why)


def nothing_chosen(shared: Shared, waits: Waiting, asked: Asked) -> Response:
    """The second step again: nothing was ticked."""
    shows = waits.proof
    named = shared.access.match(shows.identity) if isinstance(shows, PersonProof) else None
    return _decide(shared, waits, asked, named, fault=True)


def sign_in_address(shared: Shared, row: str = "") -> str:
    """Where “sign in with your organisation” leads; "" where no identity provider is set."""
    if not shared.settings.oidc_issuer:
        return ""
    query = f"?{urlencode({'request': row})}" if row else ""
    return f"{shared.front.url('/signin')}{query}"


def _prove(shared: Shared, waits: Waiting, asked: Asked, fault: Refused | None = None) -> Response:
    headers = {"Retry-After": str(fault.seconds)} if fault and fault.seconds else {}
    return _page(
        "prove.html",
        shared,
        waits,
        asked,
        status=fault.status if fault else 200,
        headers=headers,
        fault=str(fault) if fault else "",
        wanted=[SCOPE_WORDS[scope] for scope in SCOPES if scope in asked.scopes],
        sign_in=sign_in_address(shared, waits.row.id),
    )


def _decide(
    shared: Shared, waits: Waiting, asked: Asked, named: NamedKey | None, *, fault: bool = False
) -> Response:
    possible = offered(asked, named)
    choices = [(scope, *SCOPE_WORDS[scope], scope in TICKED) for scope in possible]
    kept = [SCOPE_WORDS[s][0] for s in SCOPES if s in asked.scopes and s not in possible]
    return _page(
        "decide.html",
        shared,
        waits,
        asked,
        status=422 if fault else 200,
        # Clients send the browser on, often to a page that says it worked, and browsers hold the
        # policy against that too. No secret is typed on this page.
        onward=("https:",),
        fault=fault,
        choices=choices,
        kept=kept,
        shows=_key_facts(waits.proof) if isinstance(waits.proof, KeyProof) else None,
        person=pages.shown(waits.proof.person) if isinstance(waits.proof, PersonProof) else "",
        named=named.name if named else "",
        level=_level_words(waits.proof, named),
        read_only=shared.settings.read_only and asked.scopes != ("fullstory:read",),
    )


def _keyless(shared: Shared, waits: Waiting, asked: Asked) -> Response:
    """The person signed in, but the operator's file gives them no key."""
    assert isinstance(waits.proof, PersonProof)  # noqa: S101 - `step` asked
    person = pages.shown(waits.proof.person)
    verified = waits.proof.identity.email_verified or not waits.proof.identity.email
    return _page("keyless.html", shared, waits, asked, status=403, person=person, verified=verified)


def _page(  # noqa: PLR0913 - what every step shows, beside its own
    template: str,
    shared: Shared,
    waits: Waiting,
    asked: Asked,
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
    onward: tuple[str, ...] = (),
    **values: Any,
) -> Response:
    return pages.page(
        template,
        status,
        forms=("'self'", pages.form_source(asked.redirect_uri), *onward),
        # The client may have opened this window and wait for it in another.
        alone=False,
        headers=headers,
        server=shared.front.host,
        action=shared.front.url("/consent"),
        own=shared.front.url("/connections"),
        request=waits.row.id,
        token=browser.form_token(shared, waits.row.browser, form_name(waits)),
        **_who_asks(asked),
        **values,
    )


def _who_asks(asked: Asked) -> dict[str, object]:
    return {
        "client": pages.shown(asked.client_name) or "an application without a name",
        "voucher": pages.shown_host(asked.client_host),
        "goes_to": pages.place(asked.redirect_uri),
        "local": pages.is_local(asked.redirect_uri),
        "app": pages.is_app(asked.redirect_uri) and urlsplit(asked.redirect_uri).scheme,
    }


def _key_facts(shows: KeyProof) -> dict[str, str]:
    return {"region": shows.key.region or "", "fingerprint": shows.key.fingerprint[:8]}


def _level_words(shows: object, named: NamedKey | None) -> str:
    if isinstance(shows, KeyProof):
        known = LEVEL_WORDS[shows.counts_as]
        return known if shows.level else f"unknown here, so it counts as {known}"
    return LEVEL_WORDS[named.ceiling] if named and named.ceiling else ""
