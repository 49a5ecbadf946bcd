"""What an incoming event does: which rules it must keep, and which session it joins."""

from collections.abc import Mapping
from typing import Any

from fullstory_mcp.sandbox import checks, people_writes, shapes, times
from fullstory_mcp.sandbox.errors import ApiError, invalid, not_found, required
from fullstory_mcp.sandbox.property_types import types_of
from fullstory_mcp.sandbox.state import Sandbox
from fullstory_mcp.sandbox.world.model import Moment, Person, Session

RECENT = 30 * times.MINUTE
"""How far `use_most_recent` looks back."""

Event = Mapping[str, Any]


def check(event: Any) -> None:
    """Check one event by itself: its fields, then the rules between them."""
    checks.shape(shapes.EVENT)(event, "event")
    if not event.get("name"):
        raise required("name")
    user, session = event.get("user") or {}, event.get("session") or {}
    if len(session) > 1:
        raise invalid("session takes one of id, uid and use_most_recent")
    if session.get("id") and user:
        raise invalid("user must not be set together with session.id")
    if session.get("use_most_recent") and len(user) != 1:
        raise invalid("session.use_most_recent needs exactly one of user.uid and user.id")


def combined(event: Any, shared: Event) -> dict[str, Any]:
    """Lay the shared parts of a batch under one event; setting a part twice is a 400."""
    if not isinstance(event, dict):
        raise invalid("event must be an object")
    for part in shared:
        if event.get(part) is not None:
            raise invalid(f"{part} is set in both shared and the event")
    return {**event, **shared}


def take(sandbox: Sandbox, event: Event) -> dict[str, Any]:
    """Let a checked event happen; return it as an import row (e05) tells it.

    Raises 404 for an unknown session or user id, and 400 for a session that is full.
    """
    sent_at = event.get("timestamp")
    at = times.parse(sent_at) if sent_at else sandbox.now
    person = _person(sandbox, event.get("user") or {})
    session = _session(sandbox, event.get("session") or {}, person, at)
    if session is not None:
        facts = {"name": event["name"], "properties": event.get("properties") or {}}
        session.added.append(Moment(at, 0, "custom", None, facts, "server"))
        person = sandbox.world.people.get(session.person)
    if person is not None:
        person.searchable = True
    return _row(event, at, person, session)


def _person(sandbox: Sandbox, user: Mapping[str, str]) -> Person | None:
    if user.get("id"):
        return people_writes.known(sandbox, user["id"])
    return people_writes.upsert(sandbox, {"uid": user["uid"]}) if user.get("uid") else None


def _session(
    sandbox: Sandbox, target: Mapping[str, Any], person: Person | None, at: int
) -> Session | None:
    if target.get("id"):
        return _open(sandbox, sandbox.world.sessions.get(target["id"]))
    if target.get("uid"):
        named = sandbox.world.named_session(target["uid"])
        return _open(sandbox, named) if named else _start(sandbox, target["uid"], person, at)
    if target.get("use_most_recent") and person is not None:
        return _most_recent(sandbox, person)
    return None


def _open(sandbox: Sandbox, session: Session | None) -> Session:
    if session is None:
        raise not_found()
    if sandbox.world.is_full(session):
        raise ApiError(400, "session page limit exceeded", "session_page_limit_exceeded")
    return session


def _start(sandbox: Sandbox, uid: str, person: Person | None, at: int) -> Session:
    """Start a session for the customer's own name; nobody named means a new visitor."""
    owner = person or people_writes.upsert(sandbox, {})
    session = Session(sandbox.new_id(), sandbox.new_id(), owner.id, "server_only", at, uid=uid)
    sandbox.world.sessions[session.id] = session
    return session


def _most_recent(sandbox: Sandbox, person: Person) -> Session | None:
    """Find the newest session seen in the last 30 minutes; a full one counts as none."""
    world, since = sandbox.world, sandbox.now - RECENT
    for session in world.sessions_of([person.id]):
        if session.start <= sandbox.now and world.last_seen(session) >= since:
            return None if world.is_full(session) else session
    return None


def _row(event: Event, at: int, person: Person | None, session: Session | None) -> dict[str, Any]:
    properties = event.get("properties") or {}
    declared = (event.get("schema") or {}).get("properties") or {}
    return {
        "name": event["name"],
        "timestamp": times.stamp(at),
        "user": {"id": person.id} if person else {},
        "session": {"id": session.id} if session else {},
        "context": event.get("context") or {},
        "properties": properties,
        "schema": {"properties": types_of(properties, declared)},
    }
