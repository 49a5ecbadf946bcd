r"""Identifiers that become part of a path: no trick may turn one request into another.

An id is refused when it is empty or holds `/`, `\`, `%`, `..` or control characters. Two kinds
are exceptions: a webhook id is base64 of a URL and is encoded whole; a session id may be given as
a replay URL of Fullstory's own hosts, from which the id is taken first.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from fullstory_mcp.catalogue import JSON, Tool
from fullstory_mcp.errors import Fault

_UNSAFE = re.compile(r"[/\\%\x00-\x1f\x7f-\x9f]|\.\.|^\.$|^\s*$")
_WEBHOOK = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_SESSION = re.compile(r"[^\s:]+:[^\s:]+")
_REPLAY_PATH = re.compile(r"/ui/[^/]+/(?:client-)?session/([^/]+)")


def unwrap_replay_urls(tool: Tool, raw: JSON, replay_hosts: frozenset[str]) -> JSON:
    """`raw` with each session id that is a replay URL replaced by the id in it."""
    replaced = {
        name: _id_in_url(value, replay_hosts)
        for name, value in raw.items()
        if _format(tool, name) == "session-id" and isinstance(value, str) and "://" in value
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
    """A fault for each path argument that is not a safe identifier."""
    if tool.http is None:
        return
    for name in tool.http.path_names:
        if name in arguments:
            why = _WHY.get(_format(tool, name), _plain)(arguments[name])
            if why:
                yield Fault(name, why)


def _format(tool: Tool, name: str) -> str:
    return str(tool.input.schema["properties"].get(name, {}).get("format", ""))


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


_WHY: dict[str, Callable[[str], str]] = {"session-id": _session, "webhook-id": _webhook}
