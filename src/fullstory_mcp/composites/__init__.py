"""Tools made of more than their own plain request. Every leg goes through the gate and the audit.

A composite is imported when it is first called: together they would cost every start a tenth.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from importlib import import_module

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.composites.way import Composite, Data, Leg, Way

COMPOSITES = {
    "compare_sessions": "comparison",
    "explain_access": "access",
    "find_friction": "friction",
    "get_usage": "usage",
    "keep_webhook_disabled": "webhooks",
    "read_context": "sessions",
    "read_events": "events",
    "read_export": "exports",
    "read_session": "sessions",
    "review_user": "review",
    "summarize_sessions": "summaries",
}
"""Every composite by the name that tool files use, and the module here that holds it."""


PREPARED = {"keep_webhook_disabled": ("webhooks", "disabled_kept")}
"""Composites whose arguments are made whole before they are confirmed and sent."""


async def prepared(name: str | None, data: Data, arguments: JSON) -> JSON:
    """The arguments that will be sent: what must be looked up for them is, by the caller's own reads.

    Raises:
        CallerError: it may not be looked up.
        UpstreamError: it could not be.
    """
    if name not in PREPARED:
        return arguments
    module, function = PREPARED[name]
    prepare: Callable[[Data, JSON], Awaitable[JSON]]
    prepare = getattr(import_module(f"{__name__}.{module}"), function)
    return await prepare(data, arguments)


@cache
def composite(name: str) -> Composite:
    """The composite of that name; KeyError for one that is not in the table."""
    found: Composite = getattr(import_module(f"{__name__}.{COMPOSITES[name]}"), name)
    return found


__all__ = ["COMPOSITES", "Composite", "Leg", "Way", "composite", "prepared"]
