"""`fullstory-mcp audit` over the database of a server for many, on each kind."""

import base64
import subprocess
from pathlib import Path

import anyio
import pytest
from sqlalchemy import update

from audit.logs import ANA, SECRET, auditing, called
from command import COMMAND, environment, fullstory_mcp
from fullstory_mcp.storage import Database, audit
from fullstory_mcp.storage.tables import audit_records
from support import Clock


def settings(url: str) -> dict[str, str]:
    """What a server for many is started with."""
    return {
        "FULLSTORY_MCP_PUBLIC_URL": "https://mcp.example.com",
        "FULLSTORY_MCP_SECRET_KEYS": base64.b64encode(SECRET).decode(),
        "FULLSTORY_MCP_DATABASE_URL": url,
    }


async def _happen(database: Database, time: float = 1_795_000_000) -> None:
    clock = Clock(time)
    async with auditing(audit.AuditTable(database), clock) as audits:
        for uid in "123":
            await called(audits, "create_user", uid=uid)
            clock.time += 60


@pytest.fixture
def url(database: Database, database_url: str) -> str:
    """The URL of a database in which something happened."""
    anyio.run(_happen, database)
    return database_url


def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """An audit command over the database."""
    return fullstory_mcp("audit", *arguments, **settings(url))


def test_calls_are_printed_and_found(url: str) -> None:
    """As from a file; a time cuts through no call."""
    told = run(url, "tail", "-n", "2").stdout.splitlines()
    found = run(url, "search", "--since", "2026-11-18T11:07:40", "--until", "2026-11-18T11:08:00")

    assert told[0].startswith("2026-11-18 11:07:40  Ana (Claude) created or changed the user 2: al")
    assert len(told) == 2
    assert found.stdout.splitlines() == told[:1]


def test_call_over_the_edge_of_a_time_is_found_by_when_it_was_decided(
    url: str, database: Database
) -> None:
    """It has its end in the sentence, and is not found by its end alone."""

    async def long() -> None:
        clock = Clock(1_795_100_000)
        open_audit = auditing(audit.AuditTable(database), clock)
        async with open_audit as audits, audits.call(ANA, "get_me") as record:
            await audits.decided(record, changes=False)
            clock.time += 600
            record.outcome, record.status = "answered", 200

    anyio.run(long)
    early = run(url, "search", "--since", "2026-11-19T14:50", "--until", "2026-11-19T14:55")
    late = run(url, "search", "--since", "2026-11-19T14:55")

    assert early.stdout.endswith("called get_me: allowed; 200 in 0.0 s\n")
    assert late.returncode == 1


def test_export_is_a_log_that_can_be_verified(url: str, tmp_path: Path) -> None:
    """With --file, on another machine."""
    copy = tmp_path / "copy.jsonl"
    copy.write_text(run(url, "export").stdout)

    told = fullstory_mcp("audit", "verify", "--file", str(copy))
    assert told.stdout.startswith("6 records of 3 calls in 1 chain: none was changed")
    assert run(url, "verify").stdout == told.stdout
    assert run(url, "verify", "--heads").stdout.split()[1] == "6"


def test_changed_row_is_named(url: str, database: Database) -> None:
    """By its writer and number, with exit code 1."""
    with database.begin() as tx:
        (writer,) = audit.writers(tx)
        tx.execute(update(audit_records).where(audit_records.c.seq == 4).values(at=7))

    told = run(url, "verify")
    assert told.returncode == 1
    assert told.stdout == (
        f"WRONG  writer {writer} record 4: was changed: the row's columns do not fit its line\n"
    )


def test_tail_follows_every_replica(url: str, database: Database) -> None:
    """Each call once."""
    command = [*COMMAND, "audit", "tail", "-f", "-n", "1"]
    given = environment(**settings(url))
    with subprocess.Popen(command, env=given, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert "11:08:40" in process.stdout.readline()
            for later in (500, 1000):
                anyio.run(_happen, database, 1_795_000_000 + later)
            times = [process.stdout.readline()[11:19] for _ in range(6)]
        finally:
            process.kill()

    assert times == ["11:15:00", "11:16:00", "11:17:00", "11:23:20", "11:24:20", "11:25:20"]


def test_lost_database_is_told_in_one_sentence(blank_url: str) -> None:
    """As by every other command."""
    told = run(blank_url, "tail")

    assert told.returncode == 1
    assert told.stderr.startswith("fullstory-mcp: The database is not available")
