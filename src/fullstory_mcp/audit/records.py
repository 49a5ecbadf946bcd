"""What is known of a call while it lasts: who, which tool, on what, how it was decided, how it ended.

Never an argument's value but the ids that the tool's file names, never a part of an answer, never a
key: only its fingerprint. A client's name is what a stranger typed, so only its letters and digits
are written, and not many of them.
"""

import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fullstory_mcp.audit.targets import made_in, targets_of
from fullstory_mcp.catalogue import Tool
from fullstory_mcp.catalogue.model import CONTROL_ARGUMENTS
from fullstory_mcp.principal import Principal

logger = logging.getLogger("fullstory_mcp.audit")

MOST_NAME = 64
_IN_NAMES = frozenset(" ._-@+/")
_OURS = re.compile(r"API key [0-9a-f]{8} \((?:Standard|Architect|Admin)\)")
"""The name that the front door gives to whoever has nothing but a key."""

Decision = Literal["", "allowed", "refused", "asked", "dry_run"]
"""What was decided before anything is sent; "" until it is."""

Confirmed = Literal["", "argument", "question"]
"""How the call was confirmed: by the model's repeated call, or by the client's user."""

Spent = Literal["activations", "server_events", "calls"]


def _call_id() -> str:
    return os.urandom(8).hex()


@dataclass(slots=True)
class Record:
    """One call. `outcome` is answered, asked (for confirmation), refused, failed or cancelled.

    `call` is its id, `parent` that of the composite's call it is a leg of. `did` is the tool's phrase,
    `targets` the ids that it was about, by their place in the arguments, `made` those that the answer to
    a write names;
    `digest` the fingerprint of the arguments, which `digester` makes. `rule` says what decided: "preset
    support, row 2: person ana@example.com"; `stopped` what refused it, or, once it was allowed, what
    refused to go on. `spent` counts what the call took of the account. `told`, `held` and `who` are the
    audit's own: the decision was written down, is on disk, and of whom it tells.
    """

    principal: Principal
    tool: str
    outcome: str = "cancelled"
    reason: str = ""
    status: int = 0
    seconds: float = 0.0
    call: str = field(default_factory=_call_id)
    parent: str = ""
    did: str = ""
    targets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    digest: str = ""
    decision: Decision = ""
    rule: str = ""
    stopped: str = ""
    confirmation: Confirmed = ""
    spent: dict[Spent, int] = field(default_factory=dict)
    digester: Callable[[object], str] | None = None
    told: bool = False
    held: bool = False
    who: dict[str, Any] = field(default_factory=dict)

    def of(self, tool: Tool, arguments: Mapping[str, Any]) -> None:
        """Notes what the call is about, once its arguments are known to be well formed."""
        if self.digester is None:
            return
        self.did = tool.gate.did
        self.targets = targets_of(tool.gate.targets, arguments)
        self.digest = self.digester(
            {name: arguments[name] for name in arguments if name not in CONTROL_ARGUMENTS}
        )

    def answered_by(self, tool: Tool, answer: object) -> None:
        """Notes the ids in the answer to a write, such as that of what it made; `answer` is the API's."""
        if self.digester is None or tool.gate.effect == "read":
            return
        asked = {one for ids in self.targets.values() for one in ids}
        self.made = tuple(one for one in made_in(answer) if one not in asked)

    @property
    def client(self) -> str:
        """The OAuth client's name as it may be written; "" where there is none."""
        return written(self.principal.client)

    @property
    def connection(self) -> str:
        """The id of what was granted; "" where nothing was."""
        return self.principal.connection

    def sentence(self) -> str:
        """The record as one plain line of the log."""
        who = caller(self.principal)
        if self.client:
            who += f" with {self.client}"
        if self.connection:
            who += f", connection {self.connection}"
        why = f" ({self.reason}{f', {self.status}' if self.status else ''})" if self.reason else ""
        key = self.principal.key.fingerprint
        return f"{who}, key {key}: {self.tool} {self.outcome}{why} in {self.seconds:.3f} s"

    def fields(self) -> dict[str, str | int | float]:
        """The record for programs that read the log: what is known, without what is empty."""
        told: dict[str, str | int | float] = {
            "caller": caller(self.principal),
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


def caller(principal: Principal) -> str:
    """The caller's name as it may be written: one that we made is whole, any other cleaned."""
    ours = principal.owner.startswith("key:") and _OURS.fullmatch(principal.name)
    return principal.name if ours else written(principal.name)


def written(name: str) -> str:
    """A name without any sign that could pass for a part of the record."""
    cut = name[:MOST_NAME]
    return "".join(sign if sign.isalnum() or sign in _IN_NAMES else "?" for sign in cut)
