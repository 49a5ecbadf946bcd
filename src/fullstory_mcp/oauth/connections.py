"""The page `/connections`: a person sees what is connected in their name, and ends it.

Whoever has the same key, or signs in as the same person, sees the same connections; a key need not be
good any more for that. Nothing is shown before, and a form ends only what belongs to the visit that
it is sent with.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fullstory_mcp.oauth import browser, consent_pages, cookies, pages, proof, visiting
from fullstory_mcp.oauth.access import Identity
from fullstory_mcp.oauth.browser import Form
from fullstory_mcp.oauth.grants import SIGN_IN_OVER
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.proof import FormerKey, KeyNotAccepted, KeyProof, Refused
from fullstory_mcp.oauth.waiting import sent_on
from fullstory_mcp.storage import Tx
from fullstory_mcp.storage import connections as stored
from fullstory_mcp.storage.connections import Connection
from fullstory_mcp.storage.visits import Visit

ENDED_DAYS = 14
"""How long a connection that was ended is still shown."""

BY_PERSON = "You ended it on this page."

DAY_SECONDS = 86_400

Answer = Callable[[Shared, Request, Visit, Form], Awaitable[Response]]


def routes(shared: Shared) -> list[Route]:
    """GET and POST /connections."""
    return [
        Route("/connections", partial(_shown, shared), methods=["GET"]),
        Route("/connections", partial(_sent, shared), methods=["POST"]),
    ]


async def _shown(shared: Shared, request: Request) -> Response:
    visit = await visiting.visit_of(shared, request)
    if visit is None:
        return _who(shared, request)
    found = await shared.database.read(stored.owned, visit.owner)
    return _page(
        shared,
        "connections.html",
        token=browser.form_token(shared, visit.hash, _list_form()),
        person=pages.shown(visit.person),
        open=[_facts(shared, each) for each in found if each.ended_at is None],
        ended=[_facts(shared, each) for each in found if _lately_ended(shared, each)],
    )


async def _sent(shared: Shared, request: Request) -> Response:
    """A form of the page, told apart by the button that was pressed."""
    try:
        form = await browser.form_of(shared, request)
        if form.one("action") in {"", "key"}:
            return await _key(shared, request, form)
        visit = await visiting.visit_of(shared, request)
        if visit is None:
            return sent_on(_address(shared))
        browser.require_token(shared, visit.hash, _list_form(), form.one("token"))
        return await browser.chosen(ANSWERS, form)(shared, request, visit, form)
    except browser.Unusable as fault:
        text = f"{fault} Nothing was changed. Open the page again."
        link = (_address(shared), "Open the page again")
        return pages.error_page(fault.status, "This form cannot be used", text, link=link)


async def _key(shared: Shared, request: Request, form: Form) -> Response:
    known = cookies.known(shared.front, request)
    if known is None:
        raise browser.Unusable("The browser must keep cookies for this site.", 403)
    browser.require_token(shared, known, _key_form(), form.one("token"))
    try:
        shows = await _owner(shared, request, known, form.one("api_key"))
    except Refused as refused:
        if refused.status == 429:
            return pages.error_page(
                429, "Too many tries", str(refused), retry_after=refused.seconds
            )
        return _who(shared, request, refused)
    response = sent_on(_address(shared))
    await visiting.begin_visit(shared, request, response, shows)
    return response


async def _owner(shared: Shared, request: Request, known: str, pasted: str) -> KeyProof | FormerKey:
    """Whose connections a key shows, also one that Fullstory refuses: to end them is still its owner's.

    Raises:
        Refused: it shows nobody's.
    """
    try:
        return await proof.of_key(shared, request, known, pasted)
    except KeyNotAccepted as refused:
        if not await shared.database.read(stored.owned, refused.former.owner, 1):
            raise
        return refused.former


async def _end(shared: Shared, _request: Request, visit: Visit, form: Form) -> Response:
    """Ends one connection; one that is not there, is over or is another's changes nothing."""
    now = int(shared.clock())
    await shared.database.run(_ended, visit.owner, form.one("connection"), now)
    return sent_on(_address(shared))


async def _end_all(shared: Shared, _request: Request, visit: Visit, _form: Form) -> Response:
    await shared.database.run(_all_ended, visit.owner, int(shared.clock()))
    return sent_on(_address(shared))


async def _leave(shared: Shared, _request: Request, visit: Visit, _form: Form) -> Response:
    response = sent_on(_address(shared))
    await visiting.leave(shared, response, visit)
    return response


ANSWERS: dict[str, Answer] = {"end": _end, "end-all": _end_all, "leave": _leave}


def _ended(tx: Tx, owner: str, connection_id: str, now: int) -> None:
    if connection_id in stored.open_ids(tx, owner):
        stored.end(tx, connection_id, BY_PERSON, now)


def _all_ended(tx: Tx, owner: str, now: int) -> None:
    for connection_id in stored.open_ids(tx, owner):
        stored.end(tx, connection_id, BY_PERSON, now)


def _who(shared: Shared, request: Request, fault: Refused | None = None) -> Response:
    """The page that asks who the person is."""
    response_headers = {"Retry-After": str(fault.seconds)} if fault and fault.seconds else {}
    known = cookies.known(shared.front, request)
    cookie = Response()
    hash_ = known or cookies.hand_out(shared.front, cookie)
    if known is None:
        response_headers["Set-Cookie"] = cookie.headers["set-cookie"]
    return _page(
        shared,
        "who.html",
        status=fault.status if fault else 200,
        headers=response_headers,
        token=browser.form_token(shared, hash_, _key_form()),
        fault=str(fault) if fault else "",
        sign_in=consent_pages.sign_in_address(shared),
    )


def _page(
    shared: Shared,
    template: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response:
    return pages.page(
        template,
        status,
        forms=("'self'",),
        headers=headers,
        server=shared.front.host,
        action=_address(shared),
        **values,
    )


def _facts(shared: Shared, connection: Connection) -> dict[str, object]:
    scopes = connection.scopes.split()
    return {
        "id": connection.id,
        "client": pages.shown(connection.client_name) or "an application without a name",
        "voucher": pages.shown_host(connection.client_host),
        "goes_to": pages.shown_host(connection.redirect_host),
        "may": ", ".join(
            words[0] for scope, words in consent_pages.SCOPE_WORDS.items() if scope in scopes
        ),
        "since": connection.created_at,
        "used": connection.used_at,
        "ended": connection.ended_at,
        "why": connection.ended_why or "",
        "trouble": _trouble(shared, connection),
    }


def _trouble(shared: Shared, connection: Connection) -> str:
    """Why a connection does not work though it was not ended, and how to mend it; "" if it does."""
    if connection.ended_at is not None:
        return ""
    if connection.refused_at is not None:
        return (
            f"Fullstory no longer accepts its key since {pages.moment(connection.refused_at)}. "
            "End this connection and connect again with a new key."
        )
    if connection.claims is None:
        return ""
    if shared.access.match(Identity.from_json(connection.claims)) is None:
        return (
            f"The access file of {shared.front.host} gives you no key any more. "
            "Ask whoever runs the server."
        )
    if shared.clock() >= connection.created_at + shared.settings.sign_in_days * DAY_SECONDS:
        return SIGN_IN_OVER
    return ""


def _lately_ended(shared: Shared, connection: Connection) -> bool:
    oldest = shared.clock() - ENDED_DAYS * DAY_SECONDS
    return connection.ended_at is not None and connection.ended_at >= oldest


def _address(shared: Shared) -> str:
    return shared.front.url("/connections")


def _key_form() -> str:
    return "connections:key"


def _list_form() -> str:
    return "connections:list"
