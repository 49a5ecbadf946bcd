"""Visits: a person who showed who they are sees their connections for a quarter of an hour."""

from starlette.requests import Request
from starlette.responses import Response

from fullstory_mcp.oauth import cookies
from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.proof import FormerKey, KeyProof, PersonProof
from fullstory_mcp.storage import Tx, visits
from fullstory_mcp.storage.visits import Visit

VISIT_SECONDS = 900
"""How long a visit lasts."""


async def begin_visit(
    shared: Shared,
    request: Request,
    response: Response,
    shows: KeyProof | PersonProof | FormerKey,
) -> None:
    """Lets the browser that gets `response` see the person's connections; an older visit ends.

    Its cookie is new each time: one that somebody put into the browser beforehand opens nothing.
    """
    cookie = cookies.hand_out(shared.front, response, cookies.VISIT_COOKIE, VISIT_SECONDS)
    visit = Visit(cookie, shows.owner, shows.person, int(shared.clock()) + VISIT_SECONDS)
    before = cookies.known(shared.front, request, cookies.VISIT_COOKIE)
    await shared.database.run(_replaced, before, visit)


async def visit_of(shared: Shared, request: Request) -> Visit | None:
    """The visit that this browser is on, None where there is none."""
    cookie = cookies.known(shared.front, request, cookies.VISIT_COOKIE)
    if cookie is None:
        return None
    return await shared.database.read(visits.find, cookie, int(shared.clock()))


async def leave(shared: Shared, response: Response, visit: Visit) -> None:
    """Ends a visit, here and in the browser that gets `response`."""
    await shared.database.run(visits.leave, visit.hash)
    cookies.take_back(shared.front, response, cookies.VISIT_COOKIE)


def _replaced(tx: Tx, before: str | None, visit: Visit) -> None:
    if before is not None:
        visits.leave(tx, before)
    visits.begin(tx, visit)
