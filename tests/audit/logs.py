"""A journal on its own, as wiring makes it, and what its log says."""

import json
import stat
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from fullstory_mcp.audit import Audit
from fullstory_mcp.audit.entries import Mark
from fullstory_mcp.audit.journal import Journal, Store
from fullstory_mcp.audit.lines import JsonLines
from fullstory_mcp.audit.verifying import Finding, Line, Verification
from fullstory_mcp.catalogue import Catalogue, load_catalogue
from fullstory_mcp.principal import ApiKey, Principal
from fullstory_mcp.sealing import Sealer
from support import Clock

SECRET = b"s" * 32
ANA = Principal(
    ApiKey("na1.key-of-ana"),
    "Ana",
    "oauth",
    "oidc:https://id.example.com#ana",
    email="ana@example.com",
    client="Claude",
    client_id="https://claude.ai/client.json",
    connection="connection-7",
)


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    return load_catalogue()


@asynccontextmanager
async def auditing(store: Store, clock: Clock | None = None, **given: Any) -> AsyncIterator[Audit]:
    """An audit into `store`, whose journal is open."""
    clock = clock or Clock()
    journal = Journal(store, clock, clock)
    digest = partial(Sealer([SECRET]).digest, "arguments")
    async with journal.open():
        yield Audit(journal=journal, clock=clock, digest=digest, **given)


async def called(audit: Audit, tool: str = "get_session_events", **arguments: Any) -> str:
    """One call that goes well; its id."""
    known = catalogue().tools[tool]
    async with audit.call(ANA, tool) as record:
        record.of(known, arguments or {"session_id": "123:456"})
        record.rule = "preset support"
        await audit.decided(record, changes=known.gate.effect != "read")
        record.outcome, record.status = "answered", 200
    return record.call


async def written(path: Path, calls: int) -> None:
    """Adds the records of one process that made so many calls."""
    async with auditing(JsonLines(path)) as audit:
        for number in range(calls):
            await called(audit, session_id=f"123:{number}")


def raw_of(path: Path) -> bytes:
    """The log as it is now."""
    return path.read_bytes()


def mode_of(path: Path) -> int:
    """Who may read and write the log."""
    return stat.S_IMODE(path.stat().st_mode)


def records(raw: bytes) -> list[dict[str, Any]]:
    """The log's records."""
    return [json.loads(line) for line in raw.splitlines()]


def faults(raw: bytes, anchored: Iterable[Mark] = ()) -> list[Finding]:
    """What is wrong with a log."""
    return [finding for finding in findings(raw, anchored) if finding.wrong]


def findings(raw: bytes, anchored: Iterable[Mark] = ()) -> list[Finding]:
    """What is said of a log."""
    verification = Verification()
    *whole, rest = raw.split(b"\n")
    lines = [Line(f"line {number}", line) for number, line in enumerate(whole, 1)]
    if rest:
        lines.append(Line(f"line {len(lines) + 1}", rest, cut=True))
    found = [finding for line in lines for finding in verification.check(line)]
    return found + list(verification.finish(anchored))


def heads(raw: bytes) -> list[Mark]:
    """Where each chain of a log ends."""
    ends = {row["writer"]: Mark(row["writer"], row["seq"], row["hash"]) for row in records(raw)}
    return list(ends.values())
