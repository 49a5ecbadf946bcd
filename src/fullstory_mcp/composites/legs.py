"""The legs of a composite that reads many sessions: permitted, afforded, side by side, told as they end.

Every leg goes the whole way of a call of its own, gate and audit included. What the API refuses for
one session is kept as that session's reason; what the gate refuses stops them all.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import anyio

from fullstory_mcp.catalogue import JSON
from fullstory_mcp.composites.answers import CONTEXT, answer
from fullstory_mcp.composites.way import Way
from fullstory_mcp.errors import BudgetSpent, CallerError, UpstreamError
from fullstory_mcp.gate import require
from fullstory_mcp.shaping import Cleaner
from fullstory_mcp.shaping.fitting import counted_as

MAX_ACTIVATIONS = 10
MAX_TOKENS = 4_000

T = TypeVar("T")


def permitted(way: Way, *names: str) -> None:
    """Passes where the caller may use each of these tools, so that nothing is spent in vain.

    Raises:
        NotPermitted: with the first leg's reason.
    """
    for name in names:
        require(way.standing, way.catalogue.tools[name])


def afforded(arguments: JSON) -> int:
    """How many Activations the call may spend."""
    return int(arguments.get("max_activations", MAX_ACTIVATIONS))


def budget(arguments: JSON) -> int:
    """How many tokens the result may have."""
    return int(arguments.get("max_tokens", MAX_TOKENS))


@dataclass(slots=True)
class Steps:
    """How far a call is: each leg is told when it has ended, in rising order."""

    way: Way
    total: int
    done: int = 0

    async def tell(self, message: str = "") -> None:
        """One more leg has ended."""
        self.done += 1
        told = message or f"{self.done} of {self.total} steps done"
        await self.way.progress(self.done, self.total, told)


@dataclass(frozen=True, slots=True)
class Outcomes(Generic[T]):
    """What came of sessions, by id in the order they were asked for.

    Each was read, or could not be (with the reason), or was not afforded.
    """

    read: dict[str, T]
    failed: dict[str, str]
    unread: list[str]

    @property
    def cost(self) -> str:
        """What was spent, in words; whether a read that failed costs anything is not documented."""
        spent = counted_as(len(self.read), "Activation") if self.read else "none"
        failed = f"; {counted_as(len(self.failed), 'read')} failed" if self.failed else ""
        return f"Cost: {spent}{failed}."

    @property
    def asked(self) -> int:
        """How many sessions there are in all."""
        return self.tried + len(self.unread)

    @property
    def tried(self) -> int:
        """How many reads were tried."""
        return len(self.read) + len(self.failed)

    def why_not(self, session_id: str, cleaner: Cleaner) -> str:
        """Why a session is not among those that were read."""
        if why := self.failed.get(session_id):
            return f"failed: {cleaner.line(why, 300)}"
        return f"left out: max_activations allows only {self.tried}"


async def side_by_side(
    steps: Steps, asks: Sequence[Callable[[], Awaitable[T]]]
) -> list[T | UpstreamError]:
    """Every answer, or the error the API gave instead, in order.

    How many are in flight at once is the upstream client's business.

    Raises:
        CallerError: a leg was refused here; the others are given up.
    """
    answers: dict[int, T | UpstreamError] = {}
    refused: list[CallerError] = []

    async def run(place: int, ask: Callable[[], Awaitable[T]]) -> None:
        try:
            answers[place] = await ask()
        except UpstreamError as error:
            answers[place] = error
            await steps.tell()
        except CallerError as error:
            refused.append(error)
            group.cancel_scope.cancel()
        else:
            await steps.tell()

    async with anyio.create_task_group() as group:
        for place, ask in enumerate(asks):
            group.start_soon(run, place, ask)
    if refused:
        raise refused[0]
    return [answers[place] for place in range(len(asks))]


async def each_session(
    steps: Steps, ids: Sequence[str], most: int, leg: Callable[[str], Awaitable[T]]
) -> Outcomes[T]:
    """`leg` for the first `most` sessions of `ids`, side by side.

    Raises:
        CallerError: a leg was refused here, or the budget does not cover them all.
    """
    chosen = ids[:most]
    await _covered(steps.way, len(chosen))
    answers = await side_by_side(steps, [partial(leg, session_id) for session_id in chosen])
    found = dict(zip(chosen, answers, strict=True))
    return Outcomes(
        read={one: value for one, value in found.items() if not isinstance(value, UpstreamError)},
        failed={
            one: str(value) for one, value in found.items() if isinstance(value, UpstreamError)
        },
        unread=list(ids[most:]),
    )


async def _covered(way: Way, reads: int) -> None:
    """Passes where the caller's budget covers that many reads, so that nothing is spent in vain.

    Raises:
        BudgetSpent: it does not; nothing was read.
    """
    ruling = way.standing.ruling
    left = await way.meter.left(way.principal, ruling, "activations")
    if left is not None and left < reads:
        fewer = f"ask for {left} or fewer sessions" if left else "nothing more can be read"
        raise BudgetSpent(
            f"Nothing was read: this call needs {counted_as(reads, 'Activation')} and the budget has "
            f"{left} left: {fewer}; get_usage says when there is more.",
            f"budget of activations of {ruling.by}" if ruling else "the budget",
        )


async def contexts(
    way: Way, steps: Steps, ids: Sequence[str], most: int, use: Callable[[Any, str], T]
) -> Outcomes[T]:
    """What `use` makes of each session's context, at most `most` of them read anew.

    The answers are held, so that zooming into a session afterwards is free.

    Raises:
        CallerError: a leg was refused here.
    """

    async def leg(session_id: str) -> T:
        asked = {"session_id": session_id}
        read = await answer(way, asked, lambda: way.data(CONTEXT, asked), held=False)
        return use(read.data, session_id)

    return await each_session(steps, ids, most, leg)
