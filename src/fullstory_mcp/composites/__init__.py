"""Tools made of more than their own plain request. Every leg goes through the gate and the audit."""

from fullstory_mcp.composites.access import explain_access
from fullstory_mcp.composites.comparison import compare_sessions
from fullstory_mcp.composites.events import read_events
from fullstory_mcp.composites.exports import read_export
from fullstory_mcp.composites.friction import find_friction
from fullstory_mcp.composites.review import review_user
from fullstory_mcp.composites.sessions import read_context, read_session
from fullstory_mcp.composites.summaries import summarize_sessions
from fullstory_mcp.composites.way import Composite, Leg, Way
from fullstory_mcp.composites.webhooks import keep_webhook_disabled

COMPOSITES: dict[str, Composite] = {
    "compare_sessions": compare_sessions,
    "explain_access": explain_access,
    "find_friction": find_friction,
    "keep_webhook_disabled": keep_webhook_disabled,
    "read_context": read_context,
    "read_events": read_events,
    "read_export": read_export,
    "read_session": read_session,
    "review_user": review_user,
    "summarize_sessions": summarize_sessions,
}
"""Every composite by the name that tool files use."""

__all__ = ["COMPOSITES", "Composite", "Leg", "Way"]
