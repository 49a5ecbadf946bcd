"""Sends to the API what the caller's budgets cover, and counts what was spent.

Before a metered request its price is taken, and again before it is repeated where the API may have
done the one before: that was spent, too. Where the same idempotency key makes the repetition one with
the first, the price is that of one. It is given back only where the API certainly did nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fullstory_mcp.catalogue import JSON, Provider, Tool
from fullstory_mcp.errors import BudgetSpent, StorageUnavailable, UpstreamError
from fullstory_mcp.gate import size
from fullstory_mcp.policy import Metered, Ruling
from fullstory_mcp.principal import Principal
from fullstory_mcp.upstream import (
    Answer,
    Hosts,
    Sink,
    Still,
    Upstream,
    always,
)
from fullstory_mcp.usage import Meter, Taken


def untold(_status: int) -> None:
    """Tells nobody what the API answered."""


@dataclass(frozen=True, slots=True)
class Paying:
    """One caller's way to the API during one call; `spent` counts by meter.

    `answered` is told the status of every answer, also of those that are errors. `still` is asked
    before each try of what changes something, and raises the CallerError that stops it.
    """

    upstream: Upstream
    meter: Meter
    principal: Principal
    ruling: Ruling | None
    spent: dict[Metered, int]
    answered: Callable[[int], None] = untold
    still: Still = always

    @property
    def hosts(self) -> Hosts:
        """Where the API answers."""
        return self.upstream.hosts

    @property
    def provider(self) -> Provider:
        """What is true of the whole API."""
        return self.upstream.provider

    async def send(
        self,
        tool: Tool,
        arguments: JSON,
        principal: Principal,
        page_token: str | None = None,
        sink: Sink | None = None,
    ) -> Answer:
        """As `Upstream.send`, paid for.

        Raises:
            BudgetSpent: the budget does not cover it; nothing was sent.
            CallerError: `still` stopped it; nothing was done.
            UpstreamError: no success.
        """
        async with self._paid(tool, arguments) as bill:
            try:
                answer = await self.upstream.send(
                    tool,
                    arguments,
                    principal,
                    page_token,
                    sink,
                    still=self.still,
                    again=bill.again,
                    begins=bill.begins,
                )
            except UpstreamError as error:
                if error.status:
                    self.answered(error.status)
                raise
        self.answered(answer.status)
        return answer

    @asynccontextmanager
    async def _paid(self, tool: Tool, arguments: JSON) -> AsyncIterator["_Bill"]:
        """Around one call of a tool: takes its price, and settles it by how the call ended.

        What ended before its try had begun, as by being cancelled in the queue, has spent nothing.
        """
        meter = tool.gate.meter
        take = partial(self.meter.take, self.principal, self.ruling, meter or "calls")
        price = price_of(tool, arguments) if meter else 0
        bill = _Bill(take, price, await take(price), by_try=tool.endpoint.retry != "create")
        unspent = False
        try:
            yield bill
        except UpstreamError as error:
            unspent = error.unspent
            raise
        finally:
            unspent = unspent or not bill.begun
            if unspent:
                await self.meter.give_back(bill.taken)
            if meter and (spent := bill.spent + (0 if unspent else price)):
                self.spent[meter] = self.spent.get(meter, 0) + spent


@dataclass(slots=True)
class _Bill:
    """What one call has paid: `spent` on tries that were sent, `taken` for the one at hand.

    `begun` says whether the one at hand is on its way.
    """

    take: Callable[[int], Awaitable[Taken]]
    price: int
    taken: Taken
    by_try: bool
    spent: int = 0
    begun: bool = False

    def begins(self) -> None:
        """Nothing keeps the try at hand from being sent any more."""
        self.begun = True

    async def again(self, sent: bool) -> bool:
        """Whether a further try is paid for."""
        if not (sent and self.by_try):
            # Where one key makes all tries one, an earlier one may have been sent.
            self.begun = self.begun and not self.by_try
            return True
        try:
            taken = await self.take(self.price)
        except (BudgetSpent, StorageUnavailable):
            return False
        self.spent += self.price
        self.taken = taken
        self.begun = False
        return True


def price_of(tool: Tool, arguments: JSON) -> int:
    """What one request of a metered tool spends: an Activation a read, an event a row."""
    return size(tool, arguments, "rows") or 1
