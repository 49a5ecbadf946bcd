"""Our cursor: the API's own token and our position in its page, sealed to the call that got it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fullstory_mcp import wire
from fullstory_mcp.catalogue import Tool
from fullstory_mcp.errors import Fault, InvalidArguments
from fullstory_mcp.principal import Principal
from fullstory_mcp.sealing import Sealer, Unsealable


@dataclass(frozen=True, slots=True)
class Position:
    """Where an answer goes on: the API's page token, and how many of that page were shown before.

    For export rows `offset` is a byte and `rows` the number of rows shown before.
    """

    token: str | None = None
    offset: int = 0
    rows: int = 0


START = Position()


class Cursors:
    """Writes and reads cursors; one opens only for the same tool, key and other arguments."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def write(
        self, tool: Tool, arguments: Mapping[str, Any], principal: Principal, to: Position
    ) -> str:
        """The cursor that leads to `to`."""
        content = [to.token, to.offset, to.rows, _others(arguments)]
        return self._sealer.seal(_purpose(tool, principal), content)

    def read(self, tool: Tool, arguments: Mapping[str, Any], principal: Principal) -> Position:
        """The position that the call's `cursor` leads to, the start where it has none.

        Raises:
            InvalidArguments: the cursor is not from this tool and key, or for other arguments.
        """
        if "cursor" not in arguments:
            return START
        try:
            content = self._sealer.open(_purpose(tool, principal), arguments["cursor"])
        except Unsealable:
            raise _unusable(
                "is not one that this tool gave, or the server has restarted since"
            ) from None
        if not isinstance(content, list) or content[3] != _others(arguments):
            raise _unusable("belongs to a call with other arguments: repeat those, or leave it out")
        return Position(token=content[0], offset=content[1], rows=content[2])


def _unusable(why: str) -> InvalidArguments:
    return InvalidArguments([Fault("cursor", why)])


def _purpose(tool: Tool, principal: Principal) -> str:
    return f"cursor:{tool.name}:{principal.key.fingerprint}"


def _others(arguments: Mapping[str, Any]) -> str:
    """Tells calls apart; sixteen characters do, because nobody but us can write a cursor."""
    return wire.digest({name: value for name, value in arguments.items() if name != "cursor"})[:16]
