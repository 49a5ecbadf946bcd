"""Authorization requests that wait for a person: stored, and found again by their own browser only."""

import json
import re
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fullstory_mcp.oauth import browser, cookies, pages, proof
from fullstory_mcp.oauth.model import Asked, Shared
from fullstory_mcp.oauth.proof import KeyProof, PersonProof, Proof, SigningIn
from fullstory_mcp.storage import Tx, authorizations
from fullstory_mcp.storage.authorizations import Authorization

WAITING_SECONDS = 600
"""How long a request waits for the person's decision."""

_ID = re.compile(r"[A-Za-z0-9_-]{43}")

START_AGAIN = "Go back to the application that you want to connect and start again from there."


class Closed(Exception):
    """The request cannot go on; `page` tells the person why and what to do."""

    def __init__(self, status: int, title: str, text: str, retry_after: int | None = None) -> None:
        super().__init__(title)
        self.page = pages.error_page(status, title, text, retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open request: its row, what the client asked (None for a visit), what was shown so far."""

    row: Authorization
    asked: Asked | None
    proof: Proof | None


async def store(
    shared: Shared, request: Request, response: Response, asked: Asked | None
) -> Authorization:
    """Stores what is asked, bound to the browser, which gets its cookie by `response`.

    `asked` is None where a person signs in to see their connections.

    Raises:
        Closed: too many were begun from this network address.
    """
    known = cookies.known(shared.front, request)
    now = _now(shared)
    row = Authorization(
        id=secrets.token_urlsafe(32),
        browser=known or cookies.hand_out(shared.front, response),
        request=json.dumps(None if asked is None else asdict(asked)),
        created_at=now,
        expires_at=now + WAITING_SECONDS,
    )
    address = browser.address_of(shared, request)
    if wait := await shared.database.run(_begun, row, address):
        raise Closed(
            429,
            "Too many requests",
            "Too many requests came from your network within a minute. Wait a minute and start "
            "again.",
            wait,
        )
    return row


async def found(shared: Shared, request: Request, id: str) -> Waiting:  # noqa: A002 - the column's name
    """The open request of this id, for the browser that began it.

    Raises:
        Closed: there is none, it expired or was decided, or another browser began it.
    """
    # What has not the form of an id reaches no database: PostgreSQL takes no NUL in a text.
    row = await shared.database.read(authorizations.find, id) if _ID.fullmatch(id) else None
    if row is None or (row.expires_at <= _now(shared) and row.decided_at is None):
        raise Closed(
            400,
            "This request is no longer open",
            f"A request waits ten minutes for an answer; this one is over, or is not one of ours. {START_AGAIN}",
        )
    if not _belongs(shared, request, row):
        raise Closed(
            403,
            "This request was begun in another browser",
            "Only the browser that began a request can answer it, and it must keep cookies for "
            f"this site. {START_AGAIN}",
        )
    if row.decided_at is not None:
        raise answered()
    asked = _asked(json.loads(row.request))
    return Waiting(row, asked, proof.opened(shared.sealer, row.id, row.proof))


def answered() -> Closed:
    """The request was decided before."""
    return Closed(
        400,
        "This request was already answered",
        f"A request is answered once. If the application is not connected: {START_AGAIN[0].lower()}{START_AGAIN[1:]}",
    )


async def put(shared: Shared, waiting: Waiting, remembers: SigningIn | None) -> bool:
    """Puts what must be remembered during a sign-in in the place of any proof; None takes it away.

    Returns:
        Whether it was done: not where something else was put there meanwhile.
    """
    id_ = waiting.row.id
    text = None if remembers is None else proof.sealed(shared.sealer, id_, remembers)
    return await shared.database.run(authorizations.remember, waiting.row, text, _now(shared))


async def show(
    shared: Shared, waiting: Waiting, shows: KeyProof | PersonProof, onward: str
) -> Response:
    """Takes a proof, and with it binds the request to a new cookie; sends the browser on.

    Whoever began the request may know the cookie that it was bound to: a host beside ours can set
    cookies in a person's browser, and so have them prove who they are for a request that somebody
    else began. The new cookie is in this answer alone, so only who has just shown something can go on.

    It is the request's own and not a new one for the browser: requests and forms in other tabs stay
    what they were.
    """
    id_ = waiting.row.id
    response = sent_on(onward)
    cookie = cookies.cookie_of(id_)
    bound = cookies.hand_out(shared.front, response, cookie, WAITING_SECONDS)
    text = proof.sealed(shared.sealer, id_, shows)
    done = await shared.database.run(authorizations.prove, id_, bound, text, _now(shared))
    return response if done else sent_on(onward)


def sent_on(address: str) -> RedirectResponse:
    """A redirect that is kept nowhere and tells the next site nothing."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(address, 303, headers)


def _asked(told: dict[str, Any] | None) -> Asked | None:
    return None if told is None else Asked(**{**told, "scopes": tuple(told["scopes"])})


def _begun(tx: Tx, row: Authorization, address: str) -> int | None:
    """Stores a request; where there were too many, how many seconds to wait instead."""
    wait = browser.count_request(tx, address, row.created_at)
    if wait is None:
        authorizations.begin(tx, row)
    return wait


def _belongs(shared: Shared, request: Request, row: Authorization) -> bool:
    """Whether the browser has the cookie that a request is bound to: its own, or the request's."""
    brought = (
        cookies.known(shared.front, request, name)
        for name in (cookies.COOKIE, cookies.cookie_of(row.id))
    )
    return any(secrets.compare_digest(row.browser, each) for each in brought if each)


def _now(shared: Shared) -> int:
    return int(shared.clock())
