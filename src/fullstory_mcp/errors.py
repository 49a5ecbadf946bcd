"""Every error this project raises on purpose, and the one place that turns one into text.

    FullstoryMCPError
    ├── CallerError                 told to the model: it names the field or the cause, and the fix
    │   ├── UnknownTool
    │   ├── NotPermitted
    │   ├── InvalidArguments
    │   ├── NotConfirmed
    │   ├── BudgetSpent             the policy's budget leaves too little for the call
    │   └── NotRecorded             what changes something is not done where it cannot be written down
    ├── UpstreamError               the API did not do it: status, whether it may have taken effect
    │   ├── KeyRefused              401
    │   ├── Forbidden               403
    │   ├── NotFound                404
    │   ├── Rejected                other 4xx
    │   ├── RateLimited             429, with seconds
    │   ├── QuotaSpent              429 that waiting does not cure
    │   ├── Unavailable             5xx, no connection, no answer in time
    │   └── Unreadable              an answer that is not what the API documents
    └── OperatorError               logged once, told in general words
        ├── SettingsError
        ├── CatalogueError
        ├── StorageUnavailable      the database: gone, locked, or without our tables
        └── KeyUnsealable           a stored API key that no key of ours opens

An error's text is written for its reader when it is raised; no error carries a key, a header, a
body or a value that a caller sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class FullstoryMCPError(Exception):
    """The root: anything else that escapes is a bug and is told as one."""


class CallerError(FullstoryMCPError):
    """The caller can mend it; `rule` names what refused, for the audit, "" where the call itself is wrong."""

    rule: str = ""


class UnknownTool(CallerError):
    """The name is in no catalogue; the only fault answered as a protocol error."""

    def __init__(self, name: str) -> None:
        shown = name if name.isidentifier() and len(name) <= 64 else "of that name"
        super().__init__(f"There is no tool {shown}. tools/list names every tool.")


class NotPermitted(CallerError):
    """The gate refused: what was refused, why, and what would help."""

    def __init__(self, tool: str, reason: str, would_help: str, rule: str = "") -> None:
        self.rule = rule
        super().__init__(f"{tool} is not permitted: {reason} {would_help}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty argument: its dotted path (`requests[3].uid`) and why, in our own words."""

    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.field}: {self.why}"


FAULTS_SHOWN = 10
"""How many faults are listed; the rest are counted."""


class InvalidArguments(CallerError):
    """Arguments that were not sent anywhere, with every faulty field named (first ten, and the count)."""

    def __init__(self, faults: Sequence[Fault], *, at_least: bool = False, rule: str = "") -> None:
        self.faults = tuple(faults)
        self.rule = rule
        shown = "\n".join(f"- {fault}" for fault in self.faults[:FAULTS_SHOWN])
        count = f"{'at least ' if at_least else ''}{len(self.faults)}"
        head = "1 argument is" if len(self.faults) == 1 else f"{count} arguments are"
        more = "" if len(self.faults) <= FAULTS_SHOWN else f"\nThe first {FAULTS_SHOWN} are shown."
        super().__init__(f"Nothing was sent: {head} not usable.\n{shown}{more}")


class NotConfirmed(CallerError):
    """A confirmation that does not hold: unknown, of another call, expired or used."""

    rule = "the confirmation"


class BudgetSpent(CallerError):
    """The caller's budget does not cover the call; the text says what is left and when there is more."""

    def __init__(self, message: str, rule: str = "the budget") -> None:
        self.rule = rule
        super().__init__(message)


class NotRecorded(CallerError):
    """The audit cannot be written, so nothing was sent."""


class UpstreamError(FullstoryMCPError):
    """The API did not answer as hoped; `status` is the HTTP status, 0 where none came.

    `unspent` says that the API certainly did nothing, so that nothing was spent.
    """

    unspent = False

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class KeyRefused(UpstreamError):
    """401: the key is missing, malformed or revoked."""


class Forbidden(UpstreamError):
    """403: the key's level is too low or the feature is off."""


class NotFound(UpstreamError):
    """404: no such thing, or not this account's."""


class Rejected(UpstreamError):
    """Any other 4xx: the API refused what was asked."""


class RateLimited(UpstreamError):
    """429: `seconds` is how long the API asks to wait, None where it did not say."""

    def __init__(self, message: str, *, seconds: int | None) -> None:
        super().__init__(message, status=429)
        self.seconds = seconds


class QuotaSpent(UpstreamError):
    """429 of the account's event quota: waiting seconds does not cure it."""


class Unavailable(UpstreamError):
    """5xx, no connection or no answer in time."""


class Unreadable(UpstreamError):
    """The body is not what the API documents: HTML, cut JSON, or past the size cap."""


class OperatorError(FullstoryMCPError):
    """Whoever runs the server must mend it."""


class SettingsError(OperatorError):
    """A setting is missing, malformed or contradicts another."""


class CatalogueError(OperatorError):
    """A catalogue file breaks its law."""


class StorageUnavailable(OperatorError):
    """The database did not answer; `why` names the kind of failure, never a statement or a value."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The database is not available ({why}).")


class KeyUnsealable(OperatorError):
    """A stored API key cannot be opened: its sealing key was dropped, or its record was altered."""


UNEXPECTED = (
    "Something went wrong inside fullstory-mcp. Nothing more is said here; its log names the place."
)


AWAY = (
    "Nothing more was sent: this server cannot reach its database just now, and what a call spends "
    "must be counted there. Try again in a few seconds."
)


def tell(error: BaseException) -> str:
    """The text that leaves for `error`: its own for callers and upstream, general words otherwise."""
    if isinstance(error, CallerError | UpstreamError):
        return str(error)
    return AWAY if isinstance(error, StorageUnavailable) else UNEXPECTED
