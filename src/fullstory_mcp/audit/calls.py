"""Puts two linked records around a call, and a span where spans are recorded.

    async with audit.call(principal, tool) as record:
        record.of(tool, arguments)                    what it is about, once the arguments are known
        record.rule = …                               what decided
        await audit.decided(record, changes=True)     the first record; nothing is sent before it
        …
        record.outcome = "answered"                   the second record is written at the end

A call that ends before `decided` (refused, asked, only tried) gets both records at its end.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fullstory_mcp.audit.records import Decision, Record, to_log
from fullstory_mcp.audit.spans import call_span, describe
from fullstory_mcp.catalogue import Tool
from fullstory_mcp.errors import CallerError, NotRecorded, OperatorError, UpstreamError
from fullstory_mcp.principal import Principal

if TYPE_CHECKING:
    from fullstory_mcp.audit.journal import Journal

_DECIDED: Mapping[str, Decision] = {
    "asked": "asked",
    "answered": "allowed",
    "refused": "refused",
}
"""What an outcome says of a decision that nobody stated: nothing of what failed before there was one."""

UNWRITABLE = (
    "Nothing was sent: the audit cannot be written just now, and what {what} is not done without it. "
    "Try again in a few minutes; whoever runs this server finds the cause in its log."
)


def no_digest(_: object) -> str:
    """Says nothing, where nobody gave a key to make digests with."""
    return ""


@dataclass(slots=True)
class Audit:
    """Writes each call's records to the journal, if there is one, and one line to `sink`.

    `clock` is Unix time in seconds. `digest` makes the fingerprint of a call's arguments. `every` asks
    of reads, too, that their decision is written down before anything is sent.
    """

    sink: Callable[[Record], None] = field(default=to_log)
    journal: "Journal | None" = None
    clock: Callable[[], float] = time.time
    digest: Callable[[object], str] = no_digest
    every: bool = False

    @asynccontextmanager
    async def call(
        self, principal: Principal, tool: str, parent: str = ""
    ) -> AsyncIterator[Record]:
        """Around one call; what was not answered is read off its errors; legs name their `parent`."""
        digester = self.digest if self.journal else None
        record = Record(principal, tool, parent=parent, digester=digester)
        begun = time.monotonic()
        with call_span(tool) as span:
            try:
                yield record
            except CallerError as error:
                record.outcome, record.reason = "refused", type(error).__name__
                record.stopped = error.rule
                raise
            except UpstreamError as error:
                record.outcome, record.reason = "failed", type(error).__name__
                record.status = error.status
                raise
            except OperatorError as error:
                record.outcome, record.reason = "failed", type(error).__name__
                raise
            except Exception:
                record.outcome, record.reason = "failed", "internal error"
                raise
            else:
                if record.outcome == "cancelled":
                    record.outcome = "answered"
            finally:
                record.seconds = time.monotonic() - begun
                self._ended(record)
                self.sink(record)
                if span is not None:
                    describe(span, record)

    async def decided(self, record: Record, *, changes: bool) -> None:
        """Writes the first record: to be awaited before anything is sent.

        For a call that changes something (or where `every` is set) it waits until the record is on
        disk; for others it is written soon. The second time it does nothing.

        Raises:
            NotRecorded: it cannot be written, so nothing may be sent.
        """
        record.decision = record.decision or "allowed"
        if self.journal is None or record.told:
            return
        from fullstory_mcp.audit import entries  # noqa: PLC0415 - only where there is a journal

        record.told = True
        body = entries.decided(record, self.clock())
        if not (changes or self.every):
            self.journal.put(body)
            return
        if not await self.journal.kept(body):
            what = "changes something" if changes else "reads something"
            raise NotRecorded(UNWRITABLE.format(what=what))
        record.held = changes

    def refused(self, principal: Principal, tool: Tool, rule: str) -> None:
        """Both records of a call that was refused before it reached the way of calls."""
        record = Record(principal, tool.name, "refused", "NotPermitted", did=tool.gate.did)
        record.stopped = rule
        with call_span(tool.name) as span:
            self._ended(record)
            self.sink(record)
            if span is not None:
                describe(span, record)

    def ready(self) -> None:
        """Passes where a change could be written down just now.

        Raises:
            NotRecorded: the journal has not taken the last records it was given.
        """
        if self.journal is not None and self.journal.failing:
            raise NotRecorded(UNWRITABLE.format(what="changes something"))

    def _ended(self, record: Record) -> None:
        if self.journal is None:
            return
        from fullstory_mcp.audit import entries  # noqa: PLC0415 - as above

        now = self.clock()
        if not record.told:
            record.decision = record.decision or _DECIDED.get(record.outcome, "")
            if record.decision == "refused":
                record.rule = record.stopped
            self.journal.put(entries.decided(record, now))
        self.journal.put(entries.ended(record, now), keep=record.held)
