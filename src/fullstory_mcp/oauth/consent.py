"""The consent page: who asks and for what, who the person is, and what they allow.

    /authorize ─ begin ─▶ /consent (prove: key or sign-in) ─▶ /consent (decide) ─▶ the client

The first step is bound to the browser that began it and the second to the one that proved it, the
decision is taken once, and a request that cannot be believed ends on a page of ours, never at a
redirect.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fullstory_mcp.oauth import answers, browser, consent_pages, grants, pages, waiting
from fullstory_mcp.oauth import proof as proofs
from fullstory_mcp.oauth.browser import Form
from fullstory_mcp.oauth.model import Asked, Shared
from fullstory_mcp.oauth.proof import KeyProof, PersonProof, Refused
from fullstory_mcp.oauth.visiting import begin_visit
from fullstory_mcp.oauth.waiting import Closed, Waiting, sent_on
from fullstory_mcp.storage import Tx, authorizations, connections, keys
from fullstory_mcp.storage.connections import Connection

Answer = Callable[[Shared, Request, Waiting, Asked, Form], Awaitable[Response]]


async def begin(shared: Shared, request: Request, asked: Asked) -> Response:
    """Stores a checked authorization request and sends the browser to the consent page.

    The page has an address of its own, without what the client sent.

    Raises:
        Closed: too many were begun from this network address.
    """
    response = sent_on("")
    row = await waiting.store(shared, request, response, asked)
    response.headers["location"] = address(shared, row.id)
    return response


def address(shared: Shared, row: str) -> str:
    """Where a request is decided."""
    return f"{shared.front.url('/consent')}?{urlencode({'request': row})}"


def routes(shared: Shared) -> list[Route]:
    """GET and POST /consent."""
    return [
        Route("/consent", partial(_shown, shared), methods=["GET"]),
        Route("/consent", partial(_sent, shared), methods=["POST"]),
    ]


async def _shown(shared: Shared, request: Request) -> Response:
    try:
        waits, asked = await _found(shared, request, request.query_params.get("request", ""))
    except Closed as closed:
        return closed.page
    return consent_pages.step(shared, waits, asked)


async def _sent(shared: Shared, request: Request) -> Response:
    """A form of one of the two steps, told apart by the button that was pressed."""
    link = None
    try:
        form = await browser.form_of(shared, request)
        waits, asked = await _found(shared, request, form.one("request"))
        link = (address(shared, waits.row.id), "Open the page again")
        browser.require_token(
            shared, waits.row.browser, consent_pages.form_name(waits), form.one("token")
        )
        answer = browser.chosen(ANSWERS, form)
        return await answer(shared, request, waits, asked, form)
    except browser.Unusable as fault:
        text = f"{fault} Nothing was changed. {f'{link[1]}.' if link else waiting.START_AGAIN}"
        return pages.error_page(fault.status, "This form cannot be used", text, link=link)
    except Closed as closed:
        return closed.page


async def _found(shared: Shared, request: Request, row: str) -> tuple[Waiting, Asked]:
    waits = await waiting.found(shared, request, row)
    if waits.asked is None:
        # A sign-in to /connections: nobody asked for anything.
        raise waiting.answered()
    return waits, waits.asked


async def _key(
    shared: Shared, request: Request, waits: Waiting, asked: Asked, form: Form
) -> Response:
    try:
        shows = await proofs.of_key(shared, request, waits.row.browser, form.one("api_key"))
    except Refused as refused:
        return consent_pages.refused(shared, waits, asked, refused)
    return await waiting.show(shared, waits, shows, address(shared, waits.row.id))


async def _back(
    shared: Shared, _request: Request, waits: Waiting, _asked: Asked, _form: Form
) -> Response:
    await waiting.put(shared, waits, None)
    return sent_on(address(shared, waits.row.id))


async def _cancel(
    shared: Shared, _request: Request, waits: Waiting, asked: Asked, _form: Form
) -> Response:
    now = int(shared.clock())
    if not await shared.database.run(authorizations.decide, waits.row, now):
        raise waiting.answered()
    _told(asked, "denied")
    return answers.denied(asked, shared.front, "access_denied", "The person did not allow it.")


async def _allow(
    shared: Shared, request: Request, waits: Waiting, asked: Asked, form: Form
) -> Response:
    shows = waits.proof
    if not isinstance(shows, KeyProof | PersonProof):
        raise browser.Unusable("Nobody has shown who they are yet.")
    named = shared.access.match(shows.identity) if isinstance(shows, PersonProof) else None
    if isinstance(shows, PersonProof) and named is None:
        return consent_pages.step(shared, waits, asked)
    chosen = set(form.all("scope"))
    possible = consent_pages.offered(asked, named)
    if not chosen <= set(possible):
        raise browser.Unusable("The form allows more than was asked for.")
    if not chosen:
        return consent_pages.nothing_chosen(shared, waits, asked)
    granted = tuple(scope for scope in possible if scope in chosen)
    connection = _connection(shared, asked, shows, granted, named.name if named else None)
    code = await shared.database.run(_granted, shared, waits, asked, connection)
    if code is None:
        raise waiting.answered()
    _told(asked, "allowed")
    response = answers.redirected(asked, shared.front, code=code)
    await begin_visit(shared, request, response, shows)
    return response


def _connection(
    shared: Shared,
    asked: Asked,
    shows: KeyProof | PersonProof,
    granted: tuple[str, ...],
    named_key: str | None,
) -> Connection:
    return Connection(
        id=secrets.token_urlsafe(32),
        owner=shows.owner,
        person=shows.person,
        claims=shows.identity.to_json() if isinstance(shows, PersonProof) else None,
        client_id=asked.client_id,
        client_name=asked.client_name,
        client_host=asked.client_host,
        redirect_host=pages.host(asked.redirect_uri) or f"{urlsplit(asked.redirect_uri).scheme}:",
        api_key_id=None,
        named_key=named_key,
        scopes=" ".join(granted),
        withheld=" ".join(scope for scope in asked.scopes if scope not in granted),
        resource=asked.resource,
        created_at=int(shared.clock()),
    )


def _granted(
    tx: Tx, shared: Shared, waits: Waiting, asked: Asked, connection: Connection
) -> str | None:
    """The code for a new connection; None where the request was decided before."""
    now = connection.created_at
    if not authorizations.decide(tx, waits.row, now):
        return None
    if isinstance(waits.proof, KeyProof):
        key_id = keys.add(tx, shared.sealer, waits.proof.key, now)
        connection = replace(connection, api_key_id=key_id)
    connections.create(tx, connection)
    scopes = tuple(connection.scopes.split())
    return grants.issue_code(tx, asked, connection.id, scopes, now)


def _told(asked: Asked, outcome: str) -> None:
    answers.told("consent", answers.kind_by(asked.client_host), outcome)


ANSWERS: dict[str, Answer] = {"key": _key, "back": _back, "cancel": _cancel, "allow": _allow}
