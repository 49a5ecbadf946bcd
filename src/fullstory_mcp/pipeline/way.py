"""The way of a call, read like the list in the design.

catalogue[name]            known?        or UnknownTool
gate.require               allowed?      or NotPermitted
arguments.bind             well formed?  or InvalidArguments
gate.within                within the policy's limits?
dry_run                    the request that would be sent, and the way ends here
meter                      one more call, where calls have a budget
confirmation               for deletions, and where the policy asks: agreed to, or a question back
audit.decided              written down, before anything that changes something is sent
composite | upstream.send  answered?     or UpstreamError
shaping.render             fits?         always, with what was left out

audit                      two records around the whole way, refusals too
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from fullstory_mcp.access import Levels, Paying
from fullstory_mcp.access.paying import price_of
from fullstory_mcp.arguments import Binder
from fullstory_mcp.audit import Audit, Record
from fullstory_mcp.catalogue import JSON, Catalogue, Tool
from fullstory_mcp.composites import Way, composite, prepared
from fullstory_mcp.errors import Forbidden, KeyRefused, NotConfirmed, NotPermitted, UnknownTool
from fullstory_mcp.gate import Confirmations, Standing, decide, require, within
from fullstory_mcp.gate.confirmation import Way as Confirmed
from fullstory_mcp.gate.confirmation import may_be_confirmed
from fullstory_mcp.held import HeldAnswers, HeldFiles
from fullstory_mcp.pipeline.agreeing import Agreeing
from fullstory_mcp.pipeline.calls import Call, Question
from fullstory_mcp.pipeline.rehearsal import rehearsed
from fullstory_mcp.policy.model import Metered, is_free
from fullstory_mcp.principal import Principal
from fullstory_mcp.shaping import Cleaner, Cursors, Rendered, render
from fullstory_mcp.upstream import Files, Upstream
from fullstory_mcp.usage import Meter

KeyRefusedHook = Callable[[Principal], Awaitable[None]]
"""Told when Fullstory refuses the key of a connection."""


async def unnoted(_: Principal) -> None:
    """Where one key serves all, its refusal is told to the caller alone."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A tool that a caller is shown, and whether some calls of it will be confirmed."""

    tool: Tool
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Every part of the way; `wiring` puts them together."""

    catalogue: Catalogue
    levels: Levels
    binder: Binder
    confirmations: Confirmations
    cursors: Cursors
    upstream: Upstream
    meter: Meter
    files: Files
    held: HeldFiles
    answers: HeldAnswers
    cleaner: Cleaner
    clock: Callable[[], float]
    audit: Audit
    key_refused: KeyRefusedHook = unnoted

    async def listed(self, principal: Principal) -> list[Listed]:
        """The tools this caller is shown, in the catalogue's order."""
        standing = await self.levels.standing(principal)
        return [
            Listed(tool, may_be_confirmed(standing.ruling, tool))
            for tool in self.catalogue.tools.values()
            if decide(standing, tool).listed
        ]

    async def refusal(self, call: Call) -> str:
        """Why a call is not permitted, recorded as the refusal that it is; "" where it is permitted."""
        standing = await self.levels.standing(call.principal)
        try:
            require(standing, self.catalogue.tools[call.name])
        except NotPermitted as error:
            self.audit.refused(call.principal, self.catalogue.tools[call.name], error.rule)
            return str(error)
        return ""

    async def call(self, call: Call) -> Rendered | Question:
        """The whole way of one call.

        Raises:
            CallerError: the tool is unknown, not permitted, wrongly called, not confirmed, not covered
                by the budget, or could not be written down.
            UpstreamError: the API did not do it.
        """
        async with self._audited(call) as record:
            tool, standing = await self._permitted(call, record)
            arguments = self._bound(call, tool, standing, record)
            if arguments.pop("dry_run", False):
                record.decision = "dry_run"
                await self._affordable(call, tool, arguments, standing)
                return rehearsed(self.upstream, tool, arguments, standing.ruling)
            if not (call.parent or is_free(tool)):
                await self.meter.take(call.principal, standing.ruling, "calls")
            data = partial(self._leg_data, call, record)
            arguments = await prepared(tool.composite, data, arguments)
            agreed = await self._agreed(call, tool, arguments, standing, record)
            if isinstance(agreed, Rendered | Question):
                record.decision = record.outcome = "asked"
                return agreed
            record.confirmation = agreed or ""
            await self.audit.decided(record, changes=tool.gate.effect != "read")
            paying = self._paying(call, tool, standing, record)
            async with self._doubting(call.principal):
                rendered = await self._answered(call, tool, arguments, standing, paying, record)
            record.outcome = "answered"
            return rendered

    async def data(self, call: Call) -> Any:
        """The API's answer to a reading tool, unshaped: a composite's leg, gated and audited as any call.

        Raises:
            CallerError: the tool is unknown, not permitted, wrongly called or not covered by the budget.
            UpstreamError: the API did not do it.
        """
        async with self._audited(call) as record:
            tool, standing = await self._permitted(call, record)
            if tool.gate.effect != "read":
                raise NotConfirmed(f"{tool.name} changes something and is not read as data.")
            arguments = self._bound(call, tool, standing, record)
            await self.audit.decided(record, changes=False)
            paying = self._paying(call, tool, standing, record)
            async with self._doubting(call.principal):
                answer = await paying.send(tool, arguments, call.principal)
            record.outcome = "answered"
            return answer.data

    def _audited(self, call: Call) -> AbstractAsyncContextManager[Record]:
        """The records of a call; a name that is in no catalogue is not written down."""
        name = call.name if call.name in self.catalogue.tools else "?"
        return self.audit.call(call.principal, name, call.parent)

    async def _permitted(self, call: Call, record: Record) -> tuple[Tool, Standing]:
        if (tool := self.catalogue.tools.get(call.name)) is None:
            raise UnknownTool(call.name)
        standing = await self.levels.standing(call.principal)
        record.rule = require(standing, tool).rule
        return tool, standing

    def _bound(self, call: Call, tool: Tool, standing: Standing, record: Record) -> JSON:
        # A copy: what is ours is taken out of it, and the caller's own must stay as it is.
        arguments = dict(self.binder.bind(tool, call.raw))
        record.of(tool, arguments)
        within(standing.ruling, tool, arguments)
        return arguments

    async def _affordable(
        self, call: Call, tool: Tool, arguments: JSON, standing: Standing
    ) -> None:
        """Passes where a dry run's call would be covered by the budget and could be written down.

        Raises:
            BudgetSpent: it would not be covered.
            NotRecorded: it could not be written down just now.
        """
        self.audit.ready()
        prices: list[tuple[Metered, int]] = [("calls", 1)]
        if tool.gate.meter:
            prices.append((tool.gate.meter, price_of(tool, arguments)))
        for meter, price in prices:
            await self.meter.cover(call.principal, standing.ruling, meter, price)

    def _paying(self, call: Call, tool: Tool, standing: Standing, record: Record) -> Paying:
        def answered(status: int) -> None:
            record.status = status

        async def still() -> None:
            require(await self.levels.standing(call.principal), tool)

        return Paying(
            self.upstream,
            self.meter,
            call.principal,
            standing.ruling,
            record.spent,
            answered,
            still,
        )

    async def _agreed(
        self, call: Call, tool: Tool, arguments: JSON, standing: Standing, record: Record
    ) -> Rendered | Question | Confirmed | None:
        """What to ask first; the way it was agreed to; None where nothing is to be asked."""
        agreeing = Agreeing(self.confirmations, self.upstream, self.cleaner)
        data = partial(self._leg_data, call, record)
        return await agreeing.asked(call, tool, arguments, standing.ruling, data)

    @asynccontextmanager
    async def _doubting(self, principal: Principal) -> AsyncIterator[None]:
        """After a 403 the key's level is asked again; a refused key of a connection is noted there."""
        try:
            yield
        except Forbidden:
            await self.levels.doubt(principal)
            raise
        except KeyRefused as error:
            if not principal.mend:
                raise
            await self.key_refused(principal)
            raise KeyRefused(principal.mend, status=error.status) from None

    async def _answered(  # noqa: PLR0913, PLR0917 - all that a call has become by now
        self,
        call: Call,
        tool: Tool,
        arguments: JSON,
        standing: Standing,
        paying: Paying,
        record: Record,
    ) -> Rendered:
        own = partial(self._own, call.principal, paying, record)
        if tool.composite is None:
            return await own(tool, arguments)
        way = Way(
            principal=call.principal,
            standing=standing,
            role=await self.levels.role(call.principal),
            catalogue=self.catalogue,
            upstream=paying,
            meter=self.meter,
            files=self.files,
            held=self.held,
            answers=self.answers,
            cursors=self.cursors,
            cleaner=self.cleaner,
            clock=self.clock,
            data=partial(self._leg_data, call, record),
            call=partial(self._leg, call, record),
            own=own,
            progress=call.progress,
        )
        return await composite(tool.composite)(way, tool, arguments)

    async def _own(
        self, principal: Principal, paying: Paying, record: Record, tool: Tool, arguments: JSON
    ) -> Rendered:
        at = self.cursors.read(tool, arguments, principal)
        answer = await paying.send(tool, arguments, principal, at.token)
        record.answered_by(tool, answer.data)
        cursor_to: Callable[..., str] = partial(self.cursors.write, tool, arguments, principal)
        return render(tool, answer.data, at, cursor_to, self.cleaner)

    async def _leg_data(self, call: Call, record: Record, name: str, raw: JSON) -> Any:
        return await self.data(Call(call.principal, name, raw, parent=record.call))

    async def _leg(self, call: Call, record: Record, name: str, raw: JSON) -> Rendered:
        leg = Call(call.principal, name, raw, progress=call.progress, parent=record.call)
        rendered = await self.call(leg)
        if isinstance(rendered, Question):  # a leg cannot ask: it was given no consent
            raise NotConfirmed(rendered.message)
        return rendered
