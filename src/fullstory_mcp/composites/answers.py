"""Answers about a session, asked for or held: the one way in which composites come by them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import JSON
from fullstory_mcp.composites.way import Way

CONTEXT = "generate_context"

Ask = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Read:
    """An answer of the API and what it cost, in words."""

    data: Any
    cost: str


async def answer(way: Way, asked: JSON, ask: Ask, *, held: bool, tool: str = CONTEXT) -> Read:
    """The API's answer to `asked`: the held one where that is allowed and there, else a new one.

    Raises:
        UpstreamError: the session is unknown or could not be read.
    """
    owner, name = way.principal.key.fingerprint, f"{tool}:{wire.digest(asked)}"
    if held and (kept := way.answers.get(owner, name)):
        minutes = int((way.clock() - kept.since) // 60)
        ago = "less than a minute ago" if minutes < 1 else f"{minutes} min ago"
        return Read(kept.data, f"Cost: none; read from the answer of {ago}, held for 10 minutes.")
    data = await ask()
    way.answers.put(owner, name, data)
    return Read(data, "Cost: 1 Activation.")


def price_of_more(way: Way) -> str:
    """What it costs to read on in an answer that was just given."""
    return "no Activation within 10 minutes" if way.answers.on else "1 Activation"
