"""Tools made of more than their own plain request. Every leg goes through the gate and the audit.

A composite is imported when it is first called: together they would cost every start a tenth.
"""

from functools import cache
from importlib import import_module

from fullstory_mcp.composites.way import Composite, Leg, Way

COMPOSITES = {
    "compare_sessions": "comparison",
    "explain_access": "access",
    "find_friction": "friction",
    "keep_webhook_disabled": "webhooks",
    "read_context": "sessions",
    "read_events": "events",
    "read_export": "exports",
    "read_session": "sessions",
    "review_user": "review",
    "summarize_sessions": "summaries",
}
"""Every composite by the name that tool files use, and the module here that holds it."""


@cache
def composite(name: str) -> Composite:
    """The composite of that name; KeyError for one that is not in the table."""
    found: Composite = getattr(import_module(f"{__name__}.{COMPOSITES[name]}"), name)
    return found


__all__ = ["COMPOSITES", "Composite", "Leg", "Way", "composite"]
