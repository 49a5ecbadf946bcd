"""What is to be sent, with whose key, and who is asked about it on the way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from fullstory_mcp.principal import Key
from fullstory_mcp.upstream.request import Outgoing

Still = Callable[[], Awaitable[None]]
"""Raises the CallerError that stops a caller who may no longer do what is about to be sent."""

Again = Callable[[bool], Awaitable[bool]]
"""Whether there may be a further try; it is told whether the API may have done something in the last."""


Begins = Callable[[], None]
"""Told right before each try, when nothing keeps it from being sent any more."""


class Sink(Protocol):
    """Takes a file's bytes as they come; `begin` comes before each try."""

    def begin(self) -> None:
        """Forgets what an earlier try wrote."""

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes."""


async def always() -> None:
    """Stops nobody."""


async def freely(_sent: bool) -> bool:
    """Lets every try be repeated."""
    return True


def untold() -> None:
    """Tells nobody that a try begins."""


@dataclass(frozen=True, slots=True)
class Errand:
    """One call on its way: with a `sink` the body of a success goes there."""

    request: Outgoing
    key: Key
    sink: Sink | None
    still: Still
    again: Again
    begins: Begins = untold
