"""What is written down of every call: who, which tool, how it ended, how long it took.

Never an argument's value, never a part of an answer, never a key: only its fingerprint. A client's
name is what a stranger typed, so only its letters and digits are written, and not many of them.
"""

import logging
from dataclasses import dataclass

from fullstory_mcp.principal import Principal

logger = logging.getLogger("fullstory_mcp.audit")

MOST_NAME = 64
_IN_NAMES = frozenset(" ._-@+/")


@dataclass(slots=True)
class Record:
    """One call. `outcome` is answered, asked (for confirmation), refused, failed or cancelled."""

    principal: Principal
    tool: str
    outcome: str = "cancelled"
    reason: str = ""
    status: int = 0
    seconds: float = 0.0

    @property
    def client(self) -> str:
        """The OAuth client's name as it may be written; "" where there is none."""
        return _written(self.principal.client)

    @property
    def connection(self) -> str:
        """The id of what was granted; "" where nothing was."""
        return self.principal.connection

    def sentence(self) -> str:
        """The record as one plain line."""
        who = _written(self.principal.name)
        if self.client:
            who += f" with {self.client}"
        if self.connection:
            who += f", connection {self.connection}"
        why = f" ({self.reason}{f', {self.status}' if self.status else ''})" if self.reason else ""
        key = self.principal.key.fingerprint
        return f"{who}, key {key}: {self.tool} {self.outcome}{why} in {self.seconds:.3f} s"

    def fields(self) -> dict[str, str | int | float]:
        """The record for programs: what is known, without what is empty."""
        told: dict[str, str | int | float] = {
            "caller": _written(self.principal.name),
            "client": self.client,
            "connection": self.connection,
            "key": self.principal.key.fingerprint,
            "tool": self.tool,
            "outcome": self.outcome,
            "reason": self.reason,
            "status": self.status,
        }
        return {name: value for name, value in told.items() if value} | {
            "seconds": round(self.seconds, 3)
        }


def to_log(record: Record) -> None:
    """Writes a record to the log: failures of ours as warnings, everything else as information."""
    level = logging.WARNING if record.reason == "internal error" else logging.INFO
    if logger.isEnabledFor(level):
        logger.log(level, "%s", record.sentence(), extra=record.fields())


def _written(name: str) -> str:
    """A name without any sign that could pass for a part of the record."""
    cut = name[:MOST_NAME]
    return "".join(sign if sign.isalnum() or sign in _IN_NAMES else "?" for sign in cut)
