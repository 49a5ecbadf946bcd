r"""Identifiers that become part of a path: no trick may turn one request into another.

An id is refused when it is empty or holds `/`, `\`, `%`, `..` or control characters. Two kinds
are exceptions: a webhook id is base64 of a URL and is encoded whole; a session id may be given as
a replay URL of Fullstory's own hosts, from which the id is taken first.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.errors import Fault

SESSION_ID = "session-id"

_UNSAFE = re.compile(r"[/\\%\x00-\x1f\x7f-\x9f]|\.\.|^\.$|^\s*$")
_WEBHOOK = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_SESSION = re.compile(r"[^\s:]+:[^\s:]+")
_REPLAY_PATH = re.compile(r"/ui/[^/]+/(?:client-)?session/([^/]+)")


def unwrap_replay_urls(tool: Tool, raw: JSON, replay_hosts: frozenset[str]) -> JSON:
    """`raw` with each session id that is a replay URL replaced by the id in it."""

    def unwrapped(value: Any) -> Any:
        if isinstance(value, list):
            return [unwrapped(part) for part in value]
        is_url = isinstance(value, str) and "://" in value
        return _id_in_url(value, replay_hosts) if is_url else value

    replaced = {
        name: unwrapped(value) for name, value in raw.items() if _format(tool, name) == SESSION_ID
    }
    return {**raw, **replaced} if replaced else raw


def _id_in_url(value: str, replay_hosts: frozenset[str]) -> str:
    """The id in a replay URL; the URL itself where it is none (and is refused afterwards)."""
    try:
        parts = urlsplit(value.strip())
        found = _REPLAY_PATH.fullmatch(parts.path.rstrip("/"))
        ours = parts.scheme == "https" and parts.netloc in replay_hosts
    except ValueError:
        return value
    return unquote(found[1]) if found and ours else value


def faults(tool: Tool, arguments: JSON) -> Iterator[Fault]:
    """A fault for each path argument, and each session id wherever given, that is not safe."""
    in_path = tool.http.path_names if tool.http else ()
    for name, value in arguments.items():
        if name in in_path or _format(tool, name) == SESSION_ID:
            check = _WHY.get(_format(tool, name), _plain)
            for field, one in _each(name, value):
                if why := check(one):
                    yield Fault(field, why)


def _each(name: str, value: Any) -> list[tuple[str, Any]]:
    """The identifiers in an argument, each with its field."""
    if isinstance(value, list):
        return [(f"{name}[{place}]", one) for place, one in enumerate(value)]
    return [(name, value)]


def _format(tool: Tool, name: str) -> str:
    """The format of an argument, or of a list's items."""
    schema = tool.input.schema["properties"].get(name, {})
    return str(schema.get("items", schema).get("format", ""))


def _plain(value: str) -> str:
    if not _UNSAFE.search(value):
        return ""
    return "must be an id: not empty, without /, \\, %, .. or control characters"


def _session(value: str) -> str:
    if "://" in value:
        return "is a URL, but not a session's replay link on app.fullstory.com or app.eu1.fullstory.com"
    if why := _plain(value):
        return why
    return (
        ""
        if _SESSION.fullmatch(value)
        else "must be a session id as device:session, from list_sessions"
    )


def _webhook(value: str) -> str:
    return (
        ""
        if _WEBHOOK.fullmatch(value)
        else "must be a webhook endpoint's id, from list_webhook_endpoints"
    )


_WHY: dict[str, Callable[[str], str]] = {SESSION_ID: _session, "webhook-id": _webhook}
