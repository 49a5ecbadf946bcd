"""The gate: one predicate that lists and calls both ask, a policy's limits, and confirmations. Pure."""

from fullstory_mcp.gate.confirmation import Confirmations
from fullstory_mcp.gate.limits import size, within
from fullstory_mcp.gate.verdict import (
    Limits,
    Standing,
    Verdict,
    decide,
    needed_scope,
    require,
)

__all__ = [
    "Confirmations",
    "Limits",
    "Standing",
    "Verdict",
    "decide",
    "needed_scope",
    "require",
    "size",
    "within",
]
