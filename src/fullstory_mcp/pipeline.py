"""The way of a call, read like the list in the design.

catalogue[name]            known?        or UnknownTool
gate.require               allowed?      or NotPermitted
arguments.bind             well formed?  or InvalidArguments
confirmation               for deletions: agreed to, or a question back
composite | upstream.send  answered?     or UpstreamError
shaping.render             fits?         always, with what was left out

audit                      one record around the whole way, refusals too
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from fullstory_mcp.access import Levels
from fullstory_mcp.arguments import Binder
from fullstory_mcp.audit import Audit
from fullstory_mcp.catalogue import JSON, Catalogue, Tool
from fullstory_mcp.composites import COMPOSITES, Way
from fullstory_mcp.composites.way import Progress
from fullstory_mcp.errors import Forbidden, NotConfirmed, UnknownTool
from fullstory_mcp.gate import Confirmations, Standing, decide, require
from fullstory_mcp.gate.confirmation import what_would_vanish
from fullstory_mcp.held import HeldFiles
from fullstory_mcp.principal import Principal
from fullstory_mcp.shaping import Cursors, Rendered, render
from fullstory_mcp.upstream import Files, Upstream


async def silent(_done: float, _total: float | None, _message: str) -> None:
    """Progress that nobody waits for."""


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
    audit: Audit

    async def listed(self, principal: Principal) -> list[Tool]:
        """The tools this caller is shown, in the catalogue's order."""
        standing = await self.levels.standing(principal)
        return [tool for tool in self.catalogue.tools.values() if decide(standing, tool).allowed]

    async def call(self, call: Call) -> Rendered | Question:
        """The whole way of one call.

        Raises:
            CallerError: the tool is unknown, not permitted, wrongly called or not confirmed.
            UpstreamError: the API did not do it.
        """
        with self.audit.call(
            call.principal, call.name if call.name in self.catalogue.tools else "?"
        ) as record:
            if (tool := self.catalogue.tools.get(call.name)) is None:
                raise UnknownTool(call.name)
            standing = await self.levels.standing(call.principal)
            require(standing, tool)
            arguments = self.binder.bind(tool, call.raw)
            if asked := self._unconfirmed(call, tool, arguments):
                record.outcome = "asked"
                return asked
            try:
                rendered = await self._answered(call, tool, arguments, standing)
            except Forbidden:
                await self.levels.doubt(call.principal)
                raise
            record.outcome = "answered"
            return rendered

    def _unconfirmed(self, call: Call, tool: Tool, arguments: JSON) -> Rendered | Question | None:
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
            redeem("argument", token=token)
            return None
        what = what_would_vanish(tool, arguments)
        if not call.consent.can_ask:
            return _asked_in_text(what, issue("argument"))
        if call.consent.state is None:
            return Question(what, issue("question"))
        redeem("question", token=call.consent.state)
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
            cursors=self.cursors,
            call=partial(self._leg, call),
            own=partial(self._own, call.principal),
            progress=call.progress,
        )
        return await COMPOSITES[tool.composite](way, tool, arguments)

    async def _own(self, principal: Principal, tool: Tool, arguments: JSON) -> Rendered:
        at = self.cursors.read(tool, arguments, principal)
        answer = await self.upstream.send(tool, arguments, principal, at.token)
        cursor_to: Callable[..., str] = partial(self.cursors.write, tool, arguments, principal)
        return render(tool, answer.data, at, cursor_to)

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
