"""What is confirmed takes two calls: the first says what would happen, the second carries its token.

Deleting is always confirmed, any other change where the policy says so. A token is sealed to the
tool, the exact arguments, the principal, the key's fingerprint and the connection, holds ten minutes
and works once. How it travels is a purpose of its own: a token handed to a model as text
does not open as the state of a client's question, nor the other way round. That one was used is
remembered in this process, or, where several replicas answer, by whoever `claim` asks.

This is a guard against a slip, not a person's consent: a model can complete both steps.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from fullstory_mcp import wire
from fullstory_mcp.catalogue import Tool
from fullstory_mcp.errors import NotConfirmed
from fullstory_mcp.gate.limits import size
from fullstory_mcp.policy import Ruling
from fullstory_mcp.principal import Principal
from fullstory_mcp.sealing import Sealer, Unsealable

HOLDS_SECONDS = 600

Claim = Callable[[str, int], Awaitable[bool]]
"""Takes a nonce and until when (Unix seconds) it counts; True for the first to bring it, ever."""

Way = Literal["argument", "question"]
"""argument: the model repeats the call with `confirmation`; question: the client asked its user."""


class Claims:
    """What was claimed in this process."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, int] = {}

    async def claim(self, nonce: str, until: int) -> bool:
        """True the first time only."""
        now = self._clock()
        self._until = {known: end for known, end in self._until.items() if end >= now}
        if nonce in self._until:
            return False
        self._until[nonce] = until
        return True


class Confirmations:
    """Issues and redeems confirmation tokens; `clock` is Unix time in seconds."""

    def __init__(
        self, sealer: Sealer, clock: Callable[[], float], claim: Claim | None = None
    ) -> None:
        self._sealer = sealer
        self._clock = clock
        self._claim = claim or Claims(clock).claim

    def issue(
        self, way: Way, tool: Tool, arguments: Mapping[str, Any], principal: Principal
    ) -> str:
        """A fresh token for exactly this call."""
        content = {
            "until": int(self._clock() + HOLDS_SECONDS),
            "nonce": os.urandom(12).hex(),
            "call": _digest(arguments),
        }
        return self._sealer.seal(_purpose(way, tool, principal), content)

    async def redeem(
        self, way: Way, tool: Tool, arguments: Mapping[str, Any], principal: Principal, token: str
    ) -> None:
        """Uses up a token.

        Raises:
            NotConfirmed: it is not a token for this tool, these arguments, this key and connection,
                or it has expired, or it was used before.
        """
        try:
            content = self._sealer.open(_purpose(way, tool, principal), token)
        except Unsealable:
            raise _refused("it is not a confirmation of this tool and key") from None
        if not isinstance(content, dict) or content["call"] != _digest(arguments):
            raise _refused("it confirms other arguments")
        if content["until"] < self._clock():
            raise _refused("it has expired")
        if not await self._claim(content["nonce"], content["until"]):
            raise _refused("it was used before")


def is_confirmed(ruling: Ruling | None, tool: Tool, arguments: Mapping[str, Any]) -> bool:
    """Whether this call needs a confirmation of this caller."""
    if tool.gate.effect == "delete":
        return True
    if not may_be_confirmed(ruling, tool) or ruling is None or ruling.rules is None:
        return False
    over = ruling.rules.confirm[tool.name]
    return over == 0 or size(tool, dict(arguments), "rows") > over


def may_be_confirmed(ruling: Ruling | None, tool: Tool) -> bool:
    """Whether some call of the tool needs a confirmation of this caller."""
    if tool.gate.effect == "delete":
        return True
    if tool.gate.effect == "read" or ruling is None or ruling.rules is None:
        return False
    return tool.name in ruling.rules.confirm


def what_would_happen(tool: Tool, arguments: Mapping[str, Any], quote: Callable[[str], str]) -> str:
    """The sentence shown before a confirmed call; values are quoted as data, lists counted."""
    values = dict.fromkeys(tool.input.schema["properties"], "")
    values |= {
        name: str(len(value)) if isinstance(value, list) else quote(str(value))
        for name, value in arguments.items()
    }
    return (tool.gate.confirm or "").format_map(values)


def _refused(why: str) -> NotConfirmed:
    return NotConfirmed(
        f"Nothing was changed: the confirmation does not hold, {why}. "
        "Call the tool again without `confirmation` for a new one."
    )


def _purpose(way: Way, tool: Tool, principal: Principal) -> str:
    who = f"{principal.key.fingerprint}:{principal.connection}:{principal.owner}"
    return f"confirm:{way}:{tool.name}:{who}"


def _digest(arguments: Mapping[str, Any]) -> str:
    return wire.digest({name: value for name, value in arguments.items() if name != "confirmation"})
