"""find_friction: what goes wrong in the newest sessions of some people, most affected first."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, zip_longest
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.composites.answers import CONTEXT, price_of_more
from fullstory_mcp.composites.legs import (
    Outcomes,
    Steps,
    afforded,
    budget,
    contexts,
    permitted,
    side_by_side,
)
from fullstory_mcp.composites.listing import LIST, Listed, sessions_of
from fullstory_mcp.composites.way import Way
from fullstory_mcp.errors import UpstreamError
from fullstory_mcp.shaping import Rendered
from fullstory_mcp.shaping.fitting import Row, counted_as, fitted, fitted_data
from fullstory_mcp.shaping.story.friction import Seen, as_rows, frictions_of, seen_in
from fullstory_mcp.shaping.story.visits import visit_of
from fullstory_mcp.shaping.text import JSON_NOTE, NOTE

MOST_SESSIONS = 3
MORE = "A larger max_tokens shows more; the sessions are read again for that."

_Lists = Mapping[str, list[Listed] | UpstreamError]
"""Each user's newest sessions, or why there is no list."""


async def find_friction(way: Way, _: Tool, arguments: JSON) -> Rendered:
    """The frictions of some people's newest sessions.

    Raises:
        NotPermitted: list_sessions or generate_context may not be used.
    """
    permitted(way, LIST, CONTEXT)
    users = list(dict.fromkeys(arguments["users"]))
    steps = Steps(way, len(users))
    most = int(arguments.get("max_sessions", MOST_SESSIONS))
    asks = [partial(sessions_of, way, _person(user), most) for user in users]
    lists = dict(zip(users, await side_by_side(steps, asks), strict=True))
    owners = _owners(lists)

    def use(data: Any, session_id: str) -> Seen:
        return seen_in(visit_of(data, session_id), owners[session_id], way.cleaner)

    price = min(afforded(arguments), len(owners))
    steps.total += 1 + price
    await steps.tell(
        f"Reading {counted_as(price, 'session')} for {counted_as(price, 'Activation')}"
    )
    outcomes = await contexts(way, steps, list(owners), price, use)
    return _rendered(way, arguments, lists, outcomes)


def _person(user: str) -> JSON:
    """How a user is looked up: by uid, and by e-mail too where it could be one."""
    return {"uid": user, "email": user} if "@" in user else {"uid": user}


def _owners(lists: _Lists) -> dict[str, str]:
    """Whose each session is: everybody's newest first, then everybody's second, so that none is left out."""
    columns = [
        [(session.session_id, user) for session in sessions]
        for user, sessions in lists.items()
        if not isinstance(sessions, UpstreamError)
    ]
    rows = chain.from_iterable(zip_longest(*columns))
    owners: dict[str, str] = {}
    for session_id, user in filter(None, rows):
        owners.setdefault(session_id, user)
    return owners


def _rendered(way: Way, arguments: JSON, lists: _Lists, outcomes: Outcomes[Seen]) -> Rendered:
    seen = list(outcomes.read.values())
    frictions = as_rows(frictions_of(seen), len(seen), way.cleaner)
    rows = [*_failures(way, lists, outcomes), *frictions, *_unread(way, outcomes)]
    quiet = sum(not session.troubles for session in seen)
    failed = not seen and bool(outcomes.failed or _unlisted(lists))
    counts = {"listed": outcomes.asked, "read": len(seen), "without_trouble": quiet}
    if arguments.get("format") == "json":
        head = {"note": JSON_NOTE, "cost": outcomes.cost, "sessions": counts}
        data = fitted_data(head, rows, budget(arguments), MORE)
        return Rendered(wire.write(data), data, is_error=failed)
    read = f"{len(seen)} of {counted_as(outcomes.asked, 'session')} read, {quiet} without trouble."
    zoom = f"read_session takes handle and replay link ({price_of_more(way)})."
    lines = [outcomes.cost, f"{read} {zoom}", NOTE]
    return Rendered(fitted(lines, rows, budget(arguments), MORE), is_error=failed)


def _unlisted(lists: _Lists) -> list[str]:
    return [user for user, found in lists.items() if isinstance(found, UpstreamError)]


def _failures(way: Way, lists: _Lists, outcomes: Outcomes[Seen]) -> Iterator[Row]:
    """Users without a list and sessions that could not be read, each with the reason."""
    for user, found in lists.items():
        name = way.cleaner.line(user, 80)
        if isinstance(found, UpstreamError):
            why = f"could not be listed: {way.cleaner.line(str(found), 300)}"
        elif not found:
            why = "has no sessions"
        else:
            continue
        row = {"user": name, "why": why}
        yield Row(f"- User {way.cleaner.quote(user, 80)} {why}", "unread user", "missing", row)
    for session_id in outcomes.failed:
        yield _session_missing(way, outcomes, session_id)


def _unread(way: Way, outcomes: Outcomes[Seen]) -> Sequence[Row]:
    return [_session_missing(way, outcomes, session_id) for session_id in outcomes.unread]


def _session_missing(way: Way, outcomes: Outcomes[Seen], session_id: str) -> Row:
    name = way.cleaner.line(session_id, 80)
    why = outcomes.why_not(session_id, way.cleaner)
    row = {"session_id": name, "why": why}
    return Row(f"- Session {name} {why}", "unread session", "missing", row)
