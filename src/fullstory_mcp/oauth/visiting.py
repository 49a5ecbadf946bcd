"""Visits: a person who showed who they are sees their connections for a quarter of an hour."""

from starlette.requests import Request
from starlette.responses import Response

from fullstory_mcp.oauth import browser
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.proof import KeyProof, PersonProof
from fullstory_mcp.storage import Tx, visits
from fullstory_mcp.storage.visits import Visit

VISIT_SECONDS = 900
"""How long a visit lasts."""


async def begin_visit(
    shared: Shared, request: Request, response: Response, shows: KeyProof | PersonProof
) -> None:
    """Lets the browser that gets `response` see the person's connections; an older visit ends."""
    cookie = browser.hand_out(shared.front, response, browser.VISIT_COOKIE, VISIT_SECONDS)
    visit = Visit(cookie, shows.owner, shows.person, int(shared.clock()) + VISIT_SECONDS)
    before = browser.known(shared.front, request, browser.VISIT_COOKIE)
    await shared.database.run(_replaced, before, visit)


async def visit_of(shared: Shared, request: Request) -> Visit | None:
    """The visit that this browser is on, None where there is none."""
    cookie = browser.known(shared.front, request, browser.VISIT_COOKIE)
    if cookie is None:
        return None
    return await shared.database.read(visits.find, cookie, int(shared.clock()))


async def leave(shared: Shared, response: Response, visit: Visit) -> None:
    """Ends a visit, here and in the browser that gets `response`."""
    await shared.database.run(visits.leave, visit.hash)
    browser.take_back(shared.front, response, browser.VISIT_COOKIE)


def _replaced(tx: Tx, before: str | None, visit: Visit) -> None:
    if before is not None:
        visits.leave(tx, before)
    visits.begin(tx, visit)
