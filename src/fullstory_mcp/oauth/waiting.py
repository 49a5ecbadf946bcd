"""Authorization requests that wait for a person: stored, and found again by their own browser only."""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fullstory_mcp.oauth import browser, pages, proof
from fullstory_mcp.oauth.model import Asked, Shared
from fullstory_mcp.oauth.proof import Proof
from fullstory_mcp.storage import authorizations
from fullstory_mcp.storage.authorizations import Authorization

WAITING_SECONDS = 600
"""How long a request waits for the person's decision."""

START_AGAIN = "Go back to the application that you want to connect and start again from there."


class Closed(Exception):
    """The request cannot go on; `page` tells the person why and what to do."""

    def __init__(self, status: int, title: str, text: str) -> None:
        super().__init__(title)
        self.page = pages.error_page(status, title, text)


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
    """
    known = browser.known(shared.front, request)
    now = int(shared.clock())
    row = Authorization(
        id=secrets.token_urlsafe(32),
        browser=known or browser.hand_out(shared.front, response),
        request=json.dumps(None if asked is None else asdict(asked)),
        created_at=now,
        expires_at=now + WAITING_SECONDS,
    )
    await shared.database.run(authorizations.begin, row)
    return row


async def found(shared: Shared, request: Request, id: str) -> Waiting:  # noqa: A002 - the column's name
    """The open request of this id, for the browser that began it.

    Raises:
        Closed: there is none, it expired or was decided, or another browser began it.
    """
    row = await shared.database.read(authorizations.find, id) if id else None
    now = int(shared.clock())
    if row is None or (row.expires_at <= now and row.decided_at is None):
        raise Closed(
            400,
            "This request is no longer open",
            f"A request waits ten minutes for an answer; this one is over, or is not one of ours. {START_AGAIN}",
        )
    if not secrets.compare_digest(row.browser, browser.known(shared.front, request) or ""):
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


async def put(shared: Shared, waiting: Waiting, shows: Proof | None) -> bool:
    """Puts what the person shows now in the place of what was shown; None takes it away.

    Returns:
        Whether it was done: not where something else was put there meanwhile.
    """
    text = None if shows is None else proof.sealed(shared.sealer, waiting.row.id, shows)
    return await shared.database.run(authorizations.prove, waiting.row, text, int(shared.clock()))


def sent_on(address: str) -> RedirectResponse:
    """A redirect that is kept nowhere and tells the next site nothing."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(address, 303, headers)


def _asked(told: dict[str, Any] | None) -> Asked | None:
    return None if told is None else Asked(**{**told, "scopes": tuple(told["scopes"])})
