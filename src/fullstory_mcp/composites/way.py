"""What a composite is given: the caller's standing and the legs it may take."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fullstory_mcp.access import Paying
from fullstory_mcp.catalogue import JSON, Catalogue, Tool
from fullstory_mcp.gate import Standing
from fullstory_mcp.held import HeldAnswers, HeldFiles
from fullstory_mcp.principal import Principal
from fullstory_mcp.shaping import Cleaner, Cursors, Rendered
from fullstory_mcp.upstream import Files
from fullstory_mcp.usage import Meter

Leg = Callable[[str, JSON], Awaitable[Rendered]]
"""Another tool's whole way, gate and audit included, for the same caller."""

Data = Callable[[str, JSON], Awaitable[Any]]
"""A reading tool's answer as the API gave it, gate and audit included, for the same caller."""

Progress = Callable[[float, float | None, str], Awaitable[None]]
"""Tells a waiting client how far it is: done, of how many (None if unknown), and what is going on."""


@dataclass(frozen=True, slots=True)
class Way:
    """One composite call's surroundings."""

    principal: Principal
    standing: Standing
    role: str | None
    catalogue: Catalogue
    upstream: Paying
    meter: Meter
    files: Files
    held: HeldFiles
    answers: HeldAnswers
    cursors: Cursors
    cleaner: Cleaner
    clock: Callable[[], float]
    """Unix time."""
    call: Leg
    data: Data
    own: Callable[[Tool, JSON], Awaitable[Rendered]]
    """The tool's own plain request, for composites that only prepare it."""
    progress: Progress


Composite = Callable[[Way, Tool, JSON], Awaitable[Rendered]]
