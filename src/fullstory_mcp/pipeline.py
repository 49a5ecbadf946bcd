"""The way of a call, read like the list in the design.

catalogue[name]            known?        or UnknownTool
gate.require               allowed?      or NotPermitted
arguments.bind             well formed?  or InvalidArguments
confirmation               for deletions: agreed to, or a question back
composite | upstream.send  answered?     or UpstreamError
shaping.render             fits?         always, with what was left out

audit                      one record around the whole way, refusals too
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fullstory_mcp.access import Levels
from fullstory_mcp.arguments import Binder
from fullstory_mcp.audit import Audit, Record
from fullstory_mcp.catalogue import JSON, Catalogue, Tool
from fullstory_mcp.composites import Way, composite
from fullstory_mcp.composites.way import Progress
from fullstory_mcp.errors import Forbidden, KeyRefused, NotConfirmed, UnknownTool
from fullstory_mcp.gate import Confirmations, Standing, decide, require
from fullstory_mcp.gate.confirmation import what_would_vanish
from fullstory_mcp.held import HeldAnswers, HeldFiles
from fullstory_mcp.principal import Principal
from fullstory_mcp.shaping import Cleaner, Cursors, Rendered, render
from fullstory_mcp.upstream import Files, Upstream


async def silent(_done: float, _total: float | None, _message: str) -> None:
    """Progress that nobody waits for."""


KeyRefusedHook = Callable[[Principal], Awaitable[None]]
"""Told when Fullstory refuses the key of a connection."""


async def unnoted(_: Principal) -> None:
    """Where one key serves all, its refusal is told to the caller alone."""


@dataclass(frozen=True, slots=True)
class Consent:
    """How a client can agree to a deletion beyond repeating the call.

    `can_ask`: it can put a question to its user; `state` and `accepted`: the answer it brings.
    """

    can_ask: bool = False
    state: str | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A deletion that waits for the client's user; `state` must come back with the answer."""

    message: str
    state: str


@dataclass(frozen=True, slots=True)
class Call:
    """One tools/call as the doors hand it in."""

    principal: Principal
    name: str
    raw: object = None
    consent: Consent = field(default=Consent())
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Every part of the way; `wiring` puts them together."""

    catalogue: Catalogue
    levels: Levels
    binder: Binder
    confirmations: Confirmations
    cursors: Cursors
    upstream: Upstream
    files: Files
    held: HeldFiles
    answers: HeldAnswers
    cleaner: Cleaner
    clock: Callable[[], float]
    audit: Audit
    key_refused: KeyRefusedHook = unnoted

    async def listed(self, principal: Principal) -> list[Tool]:
        """The tools this caller is shown, in the catalogue's order."""
        standing = await self.levels.standing(principal)
        return [tool for tool in self.catalogue.tools.values() if decide(standing, tool).listed]

    async def call(self, call: Call) -> Rendered | Question:
        """The whole way of one call.

        Raises:
            CallerError: the tool is unknown, not permitted, wrongly called or not confirmed.
            UpstreamError: the API did not do it.
        """
        with self._audited(call) as record:
            tool, standing = await self._permitted(call)
            arguments = self.binder.bind(tool, call.raw)
            if asked := await self._unconfirmed(call, tool, arguments):
                record.outcome = "asked"
                return asked
            async with self._doubting(call.principal):
                rendered = await self._answered(call, tool, arguments, standing)
            record.outcome = "answered"
            return rendered

    async def data(self, call: Call) -> Any:
        """The API's answer to a reading tool, unshaped: a composite's leg, gated and audited as any call.

        Raises:
            CallerError: the tool is unknown, not permitted or wrongly called.
            UpstreamError: the API did not do it.
        """
        with self._audited(call) as record:
            tool, _ = await self._permitted(call)
            if tool.gate.effect != "read":
                raise NotConfirmed(f"{tool.name} changes something and is not read as data.")
            arguments = self.binder.bind(tool, call.raw)
            async with self._doubting(call.principal):
                answer = await self.upstream.send(tool, arguments, call.principal)
            record.outcome = "answered"
            return answer.data

    def _audited(self, call: Call) -> AbstractContextManager[Record]:
        """The record of a call; a name that is in no catalogue is not written down."""
        return self.audit.call(
            call.principal, call.name if call.name in self.catalogue.tools else "?"
        )

    async def _permitted(self, call: Call) -> tuple[Tool, Standing]:
        if (tool := self.catalogue.tools.get(call.name)) is None:
            raise UnknownTool(call.name)
        standing = await self.levels.standing(call.principal)
        require(standing, tool)
        return tool, standing

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

    async def _unconfirmed(
        self, call: Call, tool: Tool, arguments: JSON
    ) -> Rendered | Question | None:
        """What to ask before a deletion; None where nothing is (or no longer) to be asked."""
        if tool.gate.effect != "delete":
            return None
        issue = partial(
            self.confirmations.issue, tool=tool, arguments=arguments, principal=call.principal
        )
        redeem = partial(
            self.confirmations.redeem, tool=tool, arguments=arguments, principal=call.principal
        )
        if token := arguments.pop("confirmation", None):
            await redeem("argument", token=token)
            return None
        what = what_would_vanish(tool, arguments)
        if not call.consent.can_ask:
            return _asked_in_text(what, issue("argument"))
        if call.consent.state is None:
            return Question(what, issue("question"))
        await redeem("question", token=call.consent.state)
        if not call.consent.accepted:
            raise NotConfirmed("Nothing was changed: the deletion was not agreed to.")
        return None

    async def _answered(
        self, call: Call, tool: Tool, arguments: JSON, standing: Standing
    ) -> Rendered:
        if tool.composite is None:
            return await self._own(call.principal, tool, arguments)
        way = Way(
            principal=call.principal,
            standing=standing,
            role=await self.levels.role(call.principal),
            catalogue=self.catalogue,
            upstream=self.upstream,
            files=self.files,
            held=self.held,
            answers=self.answers,
            cursors=self.cursors,
            cleaner=self.cleaner,
            clock=self.clock,
            data=partial(self._leg_data, call),
            call=partial(self._leg, call),
            own=partial(self._own, call.principal),
            progress=call.progress,
        )
        return await composite(tool.composite)(way, tool, arguments)

    async def _own(self, principal: Principal, tool: Tool, arguments: JSON) -> Rendered:
        at = self.cursors.read(tool, arguments, principal)
        answer = await self.upstream.send(tool, arguments, principal, at.token)
        cursor_to: Callable[..., str] = partial(self.cursors.write, tool, arguments, principal)
        return render(tool, answer.data, at, cursor_to, self.cleaner)

    async def _leg_data(self, call: Call, name: str, raw: JSON) -> Any:
        return await self.data(Call(call.principal, name, raw))

    async def _leg(self, call: Call, name: str, raw: JSON) -> Rendered:
        rendered = await self.call(Call(call.principal, name, raw, progress=call.progress))
        if isinstance(rendered, Question):  # a leg cannot ask: it was given no consent
            raise NotConfirmed(rendered.message)
        return rendered


def _asked_in_text(what: str, token: str) -> Rendered:
    return Rendered(
        f"Nothing has been changed yet. This call would: {what}\n"
        "To do it, make the same call again within 10 minutes with this argument added:\n"
        f'confirmation: "{token}"'
    )
