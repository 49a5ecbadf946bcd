"""Sessions made up for tests of what is said about several of them."""

from typing import Any

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.story.visits import Visit, visit_of

START = "2026-11-20T10:00:00Z"


def event(kind: str, seconds: int = 0, **parts: Any) -> JSON:
    """An event so many seconds after the start."""
    at = f"2026-11-20T10:{seconds // 60:02}:{seconds % 60:02}Z"
    return {"type": kind, "timestamp": at, **parts}


def page(title: str, *events: JSON, url: str = "") -> JSON:
    """A page of a shop that does not exist."""
    address = url or f"https://shop.example.com/{title.lower()}"
    return {"title": title, "url": address, "events": list(events) or [event("navigate")]}


def context(*pages: JSON, session_id: str = "1:1") -> JSON:
    """An answer of Generate Context."""
    replay = f"https://app.fullstory.com/ui/o-1/session/{session_id.replace(':', '%3A')}"
    told = {"session_id": session_id, "session_url": replay, "session_created_at": START}
    return {"context_data": {"context": told, "pages": list(pages)}}


def visit(*pages: JSON, session_id: str = "1:1") -> Visit:
    """The session as it is read."""
    return visit_of(context(*pages, session_id=session_id), session_id)
