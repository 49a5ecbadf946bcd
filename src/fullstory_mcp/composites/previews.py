"""What is known of a thing that is about to be deleted, so that whoever confirms sees what goes.

The look-ups are calls of the caller's own, gate and audit included. What the caller may not look up,
or the API does not tell, is said to be unknown: the deletion can still be confirmed.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.composites.way import Data
from fullstory_mcp.errors import CallerError, NotFound, UpstreamError
from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.fitting import counted_as

MOST_SESSIONS = 100
"""The most that one list of sessions tells of (list_sessions)."""

MOST_NAME = 80


async def known_of(kind: str, arguments: JSON, data: Data, cleaner: Cleaner) -> str:
    """One or two sentences on the object of a deletion; `kind` is the tool's `gate.preview`."""
    try:
        return await PREVIEWS[kind](arguments, data, cleaner)
    except NotFound:
        return "Nothing with this id was found."
    except CallerError:
        return "What it is called may not be looked up here."
    except UpstreamError:
        return "What it is called could not be looked up just now."


SHOWN = {"display_name": "", "email": "e-mail ", "uid": "uid "}
"""What tells people apart for whoever confirms."""


async def _user(arguments: JSON, data: Data, cleaner: Cleaner) -> str:
    if "id" in arguments:
        person = _object(await data("get_user", {"id": arguments["id"]}))
    elif found := _rows(await data("list_users", {"uid": arguments["uid"]})):
        person = found[0]
    else:
        return "No user with this uid is known."
    told = {name: _text(person, name) for name in SHOWN if _text(person, name)}
    named = ", ".join(f"{SHOWN[name]}{cleaner.quote(told[name], MOST_NAME)}" for name in told)
    return f"It is {named or 'a user without a name'}. {await _sessions(told, data)}"


async def _sessions(person: JSON, data: Data) -> str:
    """How many sessions go with the user, as far as one list tells."""
    by: JSON = {name: person[name] for name in ("uid", "email") if name in person}
    if "uid" in by:
        by.pop("email", None)
    if not by:
        return "How many sessions go with it cannot be told."
    try:
        count = len(_rows(await data("list_sessions", {**by, "limit": str(MOST_SESSIONS)})))
    except (CallerError, UpstreamError):
        return "How many sessions go with it could not be looked up."
    if not count:
        return "No session of it is known."
    seen = "100 sessions or more" if count >= MOST_SESSIONS else counted_as(count, "session")
    return f"{seen} would go with it."


async def _summary_profile(arguments: JSON, data: Data, cleaner: Cleaner) -> str:
    profile = _object(await data("get_summary_profile", {"id": arguments["id"]}))
    return f"Its name is {cleaner.quote(_text(profile, 'name') or 'unknown', MOST_NAME)}."


async def _webhook_endpoint(arguments: JSON, data: Data, cleaner: Cleaner) -> str:
    endpoint = _object(await data("get_webhook_endpoint", {"id": arguments["id"]}))
    address = cleaner.quote(_text(endpoint, "url") or "unknown", 2 * MOST_NAME)
    types = counted_as(len(_rows(endpoint, "eventTypes")), "event type")
    return f"It sends {types} to {address}."


def _object(answer: Any) -> JSON:
    return answer if isinstance(answer, dict) else {}


def _rows(answer: Any, name: str = "results") -> list[JSON]:
    """The rows of an answer, whatever the API made of it."""
    rows = _object(answer).get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _text(row: JSON, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


PREVIEWS: dict[str, Callable[[JSON, Data, Cleaner], Awaitable[str]]] = {
    "user": _user,
    "summary_profile": _summary_profile,
    "webhook_endpoint": _webhook_endpoint,
}
