"""The order of the walk, and what each step found."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import httpx2 as httpx

from fullstory_mcp.oauth.model import Shared
from fullstory_mcp.oauth.walk import clients, discovery, issuers
from fullstory_mcp.oauth.walk.answers import SECONDS, Away, Fault, Unchecked, Walker
from fullstory_mcp.settings import Mode

Step = Callable[[Walker], Awaitable[str]]
"""Says what is well; raises Fault, or Unchecked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step found: `bad` says the likely cause and the fix."""

    mark: Literal["good", "bad", "note"]
    name: str
    text: str


_FIRST: tuple[tuple[str, Step], ...] = (
    ("Resource", discovery.resource),
    ("Root", discovery.root),
)
_CALLS: tuple[tuple[str, Step], ...] = (
    ("Challenge", discovery.challenge),
    ("Token", discovery.bearer),
    ("Body size", discovery.size),
    ("Browsers", discovery.browsers),
)
STEPS: Mapping[Mode, tuple[tuple[str, Step], ...]] = {
    "none": (),
    "external": (("Issuer", issuers.issuer), *_FIRST, *_CALLS),
    "embedded": (
        ("Sign-in", issuers.provider),
        *_FIRST,
        ("Server", discovery.server),
        *_CALLS,
        ("Register", clients.several),
        ("Consent", clients.consent),
        ("Signed", clients.signed),
    ),
}


async def walked(
    shared: Shared, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Finding]:
    """Each step's finding, as it is found; without an answer at all the rest is not tried.

    `transport` leads to the public address, the network if left out.
    """
    outside = shared.identity_transport() if shared.identity_transport else None
    async with (
        httpx.AsyncClient(transport=transport, timeout=SECONDS) as http,
        httpx.AsyncClient(transport=outside, timeout=SECONDS) as others,
    ):
        walker = Walker(shared, http, others)
        for name, step in STEPS[shared.settings.mode]:
            finding, away = await _taken(walker, name, step)
            yield finding
            if away and step is discovery.resource:
                yield Finding("note", "Clients", "what they would do next was not tried")
                return


async def _taken(walker: Walker, name: str, step: Step) -> tuple[Finding, bool]:
    try:
        return Finding("good", name, await step(walker)), False
    except Unchecked as why:
        return Finding("note", name, str(why)), False
    except Fault as fault:
        return Finding("bad", name, str(fault)), isinstance(fault, Away)
