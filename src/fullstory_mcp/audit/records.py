"""What is written down of every call: who, which tool, how it ended, how long it took.

Never an argument's value, never a part of an answer, never a key: only its fingerprint.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fullstory_mcp.errors import CallerError, UpstreamError
from fullstory_mcp.principal import Principal

logger = logging.getLogger("fullstory_mcp.audit")


@dataclass(slots=True)
class Record:
    """One call. `outcome` is answered, asked (for confirmation), refused, failed or cancelled."""

    principal: Principal
    tool: str
    outcome: str = "cancelled"
    reason: str = ""
    status: int = 0
    seconds: float = 0.0

    def sentence(self) -> str:
        """The record as one plain line."""
        why = f" ({self.reason}{f', {self.status}' if self.status else ''})" if self.reason else ""
        who = f"{self.principal.name}, key {self.principal.key.fingerprint}"
        return f"{who}: {self.tool} {self.outcome}{why} in {self.seconds:.3f} s"


def to_log(record: Record) -> None:
    """Writes a record to the log: failures of ours as warnings, everything else as information."""
    level = logging.WARNING if record.reason == "internal error" else logging.INFO
    logger.log(level, "%s", record.sentence())


@dataclass(slots=True)
class Audit:
    """Hands each call's record to `sink` when the call is over, however it ends."""

    sink: Callable[[Record], None] = field(default=to_log)

    @contextmanager
    def call(self, principal: Principal, tool: str) -> Iterator[Record]:
        """Around one call; the caller sets `outcome` when it went well, the rest is read off errors."""
        record = Record(principal, tool)
        begun = time.monotonic()
        try:
            yield record
        except CallerError as error:
            record.outcome, record.reason = "refused", type(error).__name__
            raise
        except UpstreamError as error:
            record.outcome, record.reason, record.status = (
                "failed",
                type(error).__name__,
                error.status,
            )
            raise
        except Exception:
            record.outcome, record.reason = "failed", "internal error"
            raise
        finally:
            record.seconds = time.monotonic() - begun
            self.sink(record)
