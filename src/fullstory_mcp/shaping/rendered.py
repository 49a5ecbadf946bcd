"""What leaves for a client: text, and for JSON the very same as data, under the cap of clients."""

from dataclasses import dataclass
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.shaping.cut import fit

MOST_CHARACTERS = 49_000
"""Clients refuse or cut at 50,000 characters; the difference is room for what a client adds."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What leaves: text, and the very same as data (None where the text is prose)."""

    text: str
    data: JSON | None = None
    is_error: bool = False


def said(data: Any, note: str = "", **beside: str) -> Rendered:
    """`data` as it is, cut where it is too long; `note` and what stands `beside` it are never cut."""
    extra = {"note": note, **beside} if note else beside
    fitted = as_object(fit(data, MOST_CHARACTERS - len(wire.write(extra))))
    if extra.keys() & fitted.keys():  # the API has members of these names: they move aside
        fitted = {"result": fitted}
    whole = {**fitted, **extra}
    return Rendered(text=wire.write(whole), data=whole)


def as_object(value: Any) -> JSON:
    """An object as it is; anything else as its `result`."""
    return value if isinstance(value, dict) else {"result": value}
