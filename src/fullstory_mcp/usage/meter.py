"""The meter: counts what each principal spends, and refuses what its budget does not cover.

Counted is by who the person is (`Principal.owner`), so that another client or a new connection does
not start anew. Where a budget is set, the count is exact over all replicas: nothing is sent before
it is taken. Calls without a budget are counted in memory and written every few seconds.
"""

import hashlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

import anyio

from fullstory_mcp.errors import BudgetSpent, StorageUnavailable
from fullstory_mcp.policy import Metered, Period, Ruling
from fullstory_mcp.policy.model import METERED
from fullstory_mcp.principal import Principal
from fullstory_mcp.usage.periods import Span, spans_of
from fullstory_mcp.usage.refusals import refusal
from fullstory_mcp.usage.store import Delta, InProcess, Store

logger = logging.getLogger(__name__)

WRITE_SECONDS = 5.0
"""How often what was counted in memory is written to the store."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken for one call, to be given back where it was not spent after all."""

    owner: str
    meter: Metered
    amount: int
    spans: tuple[Span, ...]
    stored: bool = False

    def deltas(self, sign: int) -> list[Delta]:
        """What it adds to each span; with -1, what giving it back takes away."""
        return [
            Delta(self.owner, self.meter, span, sign * self.amount)
            for span in self.spans
            if self.amount
        ]


@dataclass(frozen=True, slots=True)
class Usage:
    """One line of a usage report; `budget` and `left` are None where there is no budget."""

    meter: Metered
    period: Period
    spent: int
    budget: int | None
    left: int | None
    renews_at: int


class Meter:
    """What is spent and what is left. `clock` is Unix time."""

    def __init__(
        self,
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store or InProcess()
        self._clock = clock
        self._owed: dict[tuple[str, Metered], dict[Span, int]] = {}
        self._writing = anyio.Lock()

    async def take(
        self, principal: Principal, ruling: Ruling | None, what: Metered, amount: int = 1
    ) -> Taken:
        """Takes what a call is about to spend, from the day's and the month's budget at once.

        It is done even when the call is cancelled meanwhile, so that it can be given back.

        Raises:
            BudgetSpent: a budget leaves too little; nothing was taken.
            StorageUnavailable: there is a budget, and nobody can say what is left of it.
        """
        if amount < 0:
            raise ValueError(amount)
        wanted = Taken(owner_hash(principal.owner), what, amount, spans_of(self._clock()))
        if not amount:
            return wanted
        with anyio.CancelScope(shield=True):
            taken = await self._take(wanted, ruling)
        return taken  # noqa: RET504 - a cancel scope could swallow what is raised, for all mypy knows

    async def cover(
        self, principal: Principal, ruling: Ruling | None, what: Metered, amount: int
    ) -> None:
        """Passes where `take` would just now; takes nothing.

        Raises:
            BudgetSpent: as `take`.
            StorageUnavailable: nobody can say.
        """
        budgets = _budgets(ruling, what)
        if not budgets:
            return
        spans = spans_of(self._clock())
        spent = await self._spent(owner_hash(principal.owner), spans)
        for span in spans:
            most, before = budgets.get(span.period), spent.get((what, span), 0)
            if most is not None and before + amount > most:
                raise _spent_up(what, amount, span, most, before, ruling)

    async def give_back(self, taken: Taken) -> None:
        """Puts back what was taken and not spent, into the day and month it was taken from. Once only."""
        if not taken.stored:
            self._owe(taken.deltas(-1))
            return
        with anyio.CancelScope(shield=True):
            try:
                await self._store.add(taken.deltas(-1))
            except StorageUnavailable:
                self._owe(taken.deltas(-1))

    async def left(self, principal: Principal, ruling: Ruling | None, what: Metered) -> int | None:
        """How much may still be spent now; None where there is no budget.

        Raises:
            StorageUnavailable: nobody can say.
        """
        if not _budgets(ruling, what):
            return None
        report = await self.usage(principal, ruling)
        return min(line.left for line in report if line.meter == what and line.left is not None)

    async def usage(self, principal: Principal, ruling: Ruling | None) -> list[Usage]:
        """What was spent and is left, for every meter by day and month.

        Raises:
            StorageUnavailable: nobody can say.
        """
        spans = sorted(spans_of(self._clock()), key=lambda span: span.ends_at)
        spent = await self._spent(owner_hash(principal.owner), spans)
        return [
            _line(meter, span, spent.get((meter, span), 0), _budgets(ruling, meter))
            for meter in METERED
            for span in spans
        ]

    async def seed(self, deltas: Sequence[Delta]) -> None:
        """Begins with what earlier processes spent."""
        await self._store.add(deltas)

    async def flush(self) -> None:
        """Writes what was counted in memory.

        Raises:
            StorageUnavailable: it is kept, and written the next time.
        """
        with anyio.CancelScope(shield=True):
            async with self._writing:
                deltas = [
                    Delta(owner, meter, span, amount)
                    for (owner, meter), spans in self._owed.items()
                    for span, amount in spans.items()
                ]
                if deltas:
                    await self._store.add(deltas)
                    self._owe(Delta(d.owner, d.meter, d.span, -d.amount) for d in deltas)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """While the server runs, writes every few seconds, and once more at the end."""
        raised: Exception | None = None
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_writing)
                try:
                    yield
                except Exception as error:  # noqa: BLE001 - raised again below, not in a group of one
                    raised = error
                tasks.cancel_scope.cancel()
        finally:
            await self._try_flush()
        if raised:
            raise raised

    async def _keep_writing(self) -> None:
        while True:
            await anyio.sleep(WRITE_SECONDS)
            await self._try_flush()

    async def _try_flush(self) -> None:
        try:
            await self.flush()
        except StorageUnavailable as error:
            logger.warning("What was spent could not be written yet: %s", error)

    async def _take(self, wanted: Taken, ruling: Ruling | None) -> Taken:
        """Takes it from the store, or counts it in memory where no budget asks for more."""
        budgets = _budgets(ruling, wanted.meter)
        if budgets or wanted.meter != "calls":
            try:
                await self._take_stored(wanted, budgets, ruling)
            except StorageUnavailable:
                if budgets:
                    raise
            else:
                return replace(wanted, stored=True)
        self._owe(wanted.deltas(1))
        return wanted

    async def _take_stored(
        self, wanted: Taken, budgets: Mapping[Period, int], ruling: Ruling | None
    ) -> None:
        owner, what = wanted.owner, wanted.meter
        if (owner, what) in self._owed:
            # What it was let have without a budget counts before anything more is granted.
            await self.flush()
        most = {span: budgets.get(span.period) for span in wanted.spans}
        short = await self._store.take(owner, what, wanted.amount, most)
        if short is not None:
            spent = (await self._store.spent(owner, (short,))).get((what, short), 0)
            raise _spent_up(what, wanted.amount, short, most[short] or 0, spent, ruling)

    async def _spent(self, owner: str, spans: Sequence[Span]) -> Mapping[tuple[Metered, Span], int]:
        """What is in the store and what is still owed to it, never one of them twice."""
        async with self._writing:
            found = dict(await self._store.spent(owner, spans))
            for meter in METERED:
                for span, amount in self._owed.get((owner, meter), {}).items():
                    if span in spans:
                        found[meter, span] = max(0, found.get((meter, span), 0) + amount)
        return found

    def _owe(self, deltas: Iterable[Delta]) -> None:
        """Notes what the store is still to be told; what has come to nothing is forgotten."""
        for delta in deltas:
            spans = self._owed.setdefault((delta.owner, delta.meter), {})
            spans[delta.span] = spans.get(delta.span, 0) + delta.amount
            if not spans[delta.span]:
                del spans[delta.span]
            if not spans:
                del self._owed[delta.owner, delta.meter]


def _spent_up(  # noqa: PLR0913, PLR0917 - all that its text tells
    what: Metered, amount: int, span: Span, most: int, spent: int, ruling: Ruling | None
) -> BudgetSpent:
    by = f" of {ruling.by}" if ruling else ""
    text = refusal(what, amount, span, most, spent, ruling)
    return BudgetSpent(text, f"budget of {what} a {span.period}{by}")


@lru_cache(maxsize=1024)
def owner_hash(owner: str) -> str:
    """The name that an owner's spendings are kept under: SHA-256 in hexadecimal."""
    return hashlib.sha256(owner.encode()).hexdigest()


def _budgets(ruling: Ruling | None, what: Metered) -> Mapping[Period, int]:
    if ruling is None or ruling.rules is None:
        return {}
    return {period: most for (meter, period), most in ruling.rules.budgets.items() if meter == what}


def _line(meter: Metered, span: Span, spent: int, budgets: Mapping[Period, int]) -> Usage:
    budget = budgets.get(span.period)
    left = None if budget is None else max(0, budget - spent)
    return Usage(meter, span.period, spent, budget, left, span.ends_at)
