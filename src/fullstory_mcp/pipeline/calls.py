"""What the doors hand to the pipeline, and the question that it may hand back."""

from dataclasses import dataclass, field

from fullstory_mcp.composites.way import Progress
from fullstory_mcp.principal import Principal


async def silent(_done: float, _total: float | None, _message: str) -> None:
    """Progress that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Consent:
    """How a client can agree to a confirmed call beyond repeating it.

    `can_ask`: it can put a question to its user; `state` and `accepted`: the answer it brings.
    """

    can_ask: bool = False
    state: str | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A confirmed call that waits for the client's user; `state` must come back with the answer."""

    message: str
    state: str


@dataclass(frozen=True, slots=True)
class Call:
    """One tools/call as the doors hand it in; `parent` is the id of the composite's call it is a leg of."""

    principal: Principal
    name: str
    raw: object = None
    consent: Consent = field(default=Consent())
    progress: Progress = silent
    parent: str = ""
