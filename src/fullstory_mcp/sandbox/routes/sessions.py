"""Sessions (#1 to #5): list, raw events, context, summaries."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fullstory_mcp.sandbox import times
from fullstory_mcp.sandbox.errors import invalid, not_found
from fullstory_mcp.sandbox.render.context import context_data
from fullstory_mcp.sandbox.render.raw_events import raw_events
from fullstory_mcp.sandbox.render.summaries import summarise
from fullstory_mcp.sandbox.routing import Call, Json
from fullstory_mcp.sandbox.world.model import Person, Session, Story

DEFAULT_LIMIT = 20


def list_sessions(call: Call) -> Json:
    """Return the newest sessions of a person (by uid, email or both) or the one so named."""
    chosen = [name for name in ("uid", "email", "session_uid") if call.query.get(name)]
    if not chosen:
        raise invalid("one of uid, email and session_uid is required")
    if "session_uid" in chosen and len(chosen) > 1:
        raise invalid("session_uid cannot be combined with uid or email")
    limit = int(call.query.get("limit", DEFAULT_LIMIT))
    return {"results": [_listed(session) for session in _found(call)[:limit]]}


def _found(call: Call) -> list[Session]:
    world, query = call.sandbox.world, call.query
    if query.get("session_uid"):
        named = world.named_session(query["session_uid"])
        return [named] if named else []
    people = world.by_email(query["email"]) if query.get("email") else []
    by_uid = world.by_uid(query.get("uid", ""))
    return world.sessions_of(person.id for person in [*people, *([by_uid] if by_uid else [])])


def _listed(session: Session) -> Json:
    return {
        "id": session.id,
        "app_url": session.app_url,
        "created_time": times.stamp(session.start),
    }


def get_events(call: Call) -> Json:
    """Return the whole raw event stream of a session."""
    session = _session(call)
    return {"events": raw_events(call.sandbox.world.story(session), _person(call, session))}


def generate_context(call: Call) -> Json:
    """Return the asked slice of a session as pages with events."""
    _check_slice(call.body)
    session = _session(call)
    story = call.sandbox.world.story(session)
    return {"context_data": context_data(story, _person(call, session), call.body)}


def summary(call: Call) -> Json:
    """Return a summary by a profile, or a general synopsis; GET."""
    session = _session(call)
    story = call.sandbox.world.story(session)
    end = call.query.get("end_timestamp")
    if end:
        story = _until(story, times.parse(end))
    return summarise(story, _person(call, session), _profile(call, call.query))


def summary_with_overrides(call: Call) -> Json:
    """Return a summary by a profile with the body laid over it; POST."""
    _check_slice(call.body)
    session = _session(call)
    overrides = {name: value for name, value in call.body.items() if name != "config_profile"}
    options = overlaid(_profile(call, call.body), overrides)
    return summarise(call.sandbox.world.story(session), _person(call, session), options)


def overlaid(profile: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as the vendor does: single values replace, lists append, objects part by part.

    A response schema is one value: it replaces the profile's as a whole.
    """
    result = dict(profile)
    for name, value in overrides.items():
        old = result.get(name)
        if isinstance(value, dict) and isinstance(old, dict) and name != "response_schema":
            result[name] = overlaid(old, value)
        elif isinstance(value, list) and isinstance(old, list):
            result[name] = [*old, *value]
        else:
            result[name] = value
    return result


def _session(call: Call) -> Session:
    """Return the session of the path; 400 when the id has not two halves, 404 when unknown."""
    halves = call.path["session_id"].split(":")
    if len(halves) != 2 or not all(halves):
        raise invalid("session_id must be <device id>:<session id>")
    session = call.sandbox.world.sessions.get(call.path["session_id"])
    if session is None:
        raise not_found()
    return session


def _person(call: Call, session: Session) -> Person | None:
    return call.sandbox.world.people.get(session.person)


def _profile(call: Call, named_in: Mapping[str, Any]) -> Mapping[str, Any]:
    profile_id = named_in.get("config_profile")
    if not profile_id:
        return {}
    profile = call.sandbox.profiles.get(profile_id)
    if profile is None:
        raise not_found()
    return profile


def _until(story: Story, end: int) -> Story:
    return replace(story, moments=tuple(m for m in story.moments if m.at < end))


def _check_slice(body: Mapping[str, Any]) -> None:
    part = body.get("slice") or {}
    start, end = part.get("start_timestamp"), part.get("end_timestamp")
    if start and end and times.parse(end) < times.parse(start):
        raise invalid("end_timestamp is before start_timestamp")
