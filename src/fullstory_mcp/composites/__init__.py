"""Tools made of more than their own plain request. Every leg goes through the gate and the audit."""

from fullstory_mcp.composites.access import explain_access
from fullstory_mcp.composites.exports import read_export
from fullstory_mcp.composites.way import Composite, Leg, Way
from fullstory_mcp.composites.webhooks import keep_webhook_disabled

COMPOSITES: dict[str, Composite] = {
    "explain_access": explain_access,
    "keep_webhook_disabled": keep_webhook_disabled,
    "read_export": read_export,
}
"""Every composite by the name that tool files use."""

__all__ = ["COMPOSITES", "Composite", "Leg", "Way"]
