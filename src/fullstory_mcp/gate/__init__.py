"""The gate: one predicate that lists and calls both ask, and the confirmation of deletions. Pure."""

from fullstory_mcp.gate.confirmation import Confirmations
from fullstory_mcp.gate.verdict import (
    Limits,
    Standing,
    Verdict,
    decide,
    needed_scope,
    require,
)

__all__ = ["Confirmations", "Limits", "Standing", "Verdict", "decide", "needed_scope", "require"]
