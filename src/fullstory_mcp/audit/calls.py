"""Puts a record around a call, and a span where spans are recorded."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fullstory_mcp.audit.records import Record, to_log
from fullstory_mcp.audit.spans import call_span, describe
from fullstory_mcp.errors import CallerError, UpstreamError
from fullstory_mcp.principal import Principal


@dataclass(slots=True)
class Audit:
    """Hands each call's record to `sink` when the call is over, however it ends."""

    sink: Callable[[Record], None] = field(default=to_log)

    @contextmanager
    def call(self, principal: Principal, tool: str) -> Iterator[Record]:
        """Around one call; the caller sets `outcome` when it went well, the rest is read off errors."""
        record = Record(principal, tool)
        begun = time.monotonic()
        with call_span(tool) as span:
            try:
                yield record
            except CallerError as error:
                record.outcome, record.reason = "refused", type(error).__name__
                raise
            except UpstreamError as error:
                record.outcome, record.reason = "failed", type(error).__name__
                record.status = error.status
                raise
            except Exception:
                record.outcome, record.reason = "failed", "internal error"
                raise
            finally:
                record.seconds = time.monotonic() - begun
                self.sink(record)
                if span is not None:
                    describe(span, record)
