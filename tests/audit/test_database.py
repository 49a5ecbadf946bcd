"""The audit in a database: what holds for a file holds there, for all replicas, on each kind."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, func, select, update

from audit.logs import auditing, called, faults, findings, records
from databases import away
from fullstory_mcp.audit.entries import Mark
from fullstory_mcp.audit.verifying import Finding, Verification
from fullstory_mcp.cli.audit.table import Table
from fullstory_mcp.errors import NotRecorded, StorageUnavailable
from fullstory_mcp.storage import Database, Tx, audit, sweep
from fullstory_mcp.storage.tables import audit_records
from support import Clock

pytestmark = pytest.mark.anyio

C = audit_records.c


def stored(database: Database) -> list[audit.Stored]:
    """Every row, each chain in its order."""
    with database.begin(reading=True) as tx:
        writers = audit.writers(tx)
    return [row for writer in writers for row in audit.chain(database, writer)]


def exported(database: Database) -> bytes:
    """The lines of all rows, as `audit export` writes them."""
    return b"".join(row.line.encode() + b"\n" for row in stored(database))


async def test_calls_are_in_the_table(database: Database) -> None:
    """Two rows a call, whose export is a log like a file's."""
    async with auditing(audit.AuditTable(database)) as audits:
        first = await called(audits)
        await called(audits, "create_user", uid="7")

    rows = stored(database)
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    assert [row.call for row in rows[:2]] == [first, first]
    assert {row.at for row in rows} == {1_795_000_000}
    assert findings(exported(database)) == []


async def test_replicas_write_side_by_side(database: Database) -> None:
    """Each has its chain; whoever comes later names the newest record there was."""
    table = audit.AuditTable
    async with auditing(table(database)) as one, auditing(table(database)) as other:
        for _ in range(10):
            await called(one, "create_user", uid="1")
            await called(other, "create_user", uid="2")

    raw = exported(database)
    assert findings(raw) == []
    assert [row["seq"] for row in records(raw)] == [*range(1, 21)] * 2
    assert len([row for row in records(raw) if "after" in row]) == 1


async def test_lost_database_stops_writes_and_not_reads(
    database: Database, database_url: str
) -> None:
    """What was queued meanwhile is there once it is back, with the refusals."""
    async with auditing(audit.AuditTable(database)) as audits:
        await called(audits, "create_user", uid="before")
        with away(database_url):
            await called(audits)
            with pytest.raises(NotRecorded):
                await called(audits, "create_user", uid="meanwhile")
        await called(audits, "create_user", uid="after")

    raw = exported(database)
    assert findings(raw) == []
    assert [row.get("outcome") for row in records(raw) if row["kind"] == "ended"] == [
        "answered",
        "answered",
        "refused",
        "answered",
    ]


async def test_batch_written_twice_is_there_once(database: Database) -> None:
    """Whether a commit went through is not known when the connection dies: the batch comes again."""

    class Forgets(audit.AuditTable):
        """Loses the answer to its first commit, as a network would."""

        lost = False

        def write(self, entries: list[audit.Row], *, durable: bool) -> None:
            super().write(entries, durable=durable)
            if not self.lost:
                self.lost = True
                raise StorageUnavailable("the connection was lost")

    async with auditing(Forgets(database)) as audits:
        with pytest.raises(NotRecorded):
            await called(audits, "create_user", uid="1")
        await called(audits, "create_user", uid="2")

    assert findings(exported(database)) == []
    assert len(stored(database)) == 4


async def test_every_changed_byte_of_an_export_is_found(database: Database) -> None:
    """A database's export is as safe as a file."""
    async with auditing(audit.AuditTable(database)) as audits:
        await called(audits)
    raw = exported(database)

    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        assert faults(bytes(changed)), place


def _changed(column: str, value: object) -> Callable[[Tx], object]:
    return lambda tx: tx.execute(update(audit_records).where(C.seq == 3).values({column: value}))


def _line(tx: Tx) -> object:
    (line,) = tx.execute(select(C.line).where(C.seq == 3)).one()
    return _changed("line", line.replace("Ana", "Bob"))(tx)


def _last(tx: Tx) -> object:
    newest = select(func.max(C.seq)).scalar_subquery()
    return tx.execute(delete(audit_records).where(C.seq == newest))


TAMPERING: dict[str, tuple[Callable[[Tx], object], str]] = {
    "a line": (_line, "its hash does not fit"),
    "a hash": (_changed("hash", "0" * 64), "the row's columns do not fit"),
    "a call": (_changed("call", "another"), "the row's columns do not fit"),
    "a time": (_changed("at", 0), "the row's columns do not fit"),
    "a place": (_changed("seq", 30), "the row's columns do not fit"),
    "a writer": (_changed("writer", "another"), "the row's columns do not fit"),
    "a row that is gone": (
        lambda tx: tx.execute(delete(audit_records).where(C.seq == 3)),
        "before it, record 3 of writer",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_changed_row_is_found(database: Database, what: str) -> None:
    """Each column counts, and so does a missing row."""
    tamper, expected = TAMPERING[what]
    async with auditing(audit.AuditTable(database)) as audits:
        for _ in range(3):
            await called(audits)
    with database.begin() as tx:
        tamper(tx)

    told = [str(finding) for finding in _verified(database) if finding.wrong]
    assert any(expected in one for one in told), told


async def test_cut_tail_is_found_by_an_anchor(database: Database) -> None:
    """The newest row is missed by nobody else."""
    async with auditing(audit.AuditTable(database)) as audits:
        await called(audits)
    raw = exported(database)
    head = records(raw)[-1]
    with database.begin() as tx:
        _last(tx)

    assert faults(exported(database)) == []
    (fault,) = faults(exported(database), [Mark(head["writer"], head["seq"], head["hash"])])
    assert "was anchored, and is missing" in str(fault)


def _verified(database: Database) -> list[Finding]:
    verification = Verification()
    found = [finding for line in Table(database).lines() for finding in verification.check(line)]
    return found + list(verification.finish())


async def test_reading_goes_page_by_page(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left out or told twice at the edges, within one second or over many."""
    monkeypatch.setattr(audit, "PAGE", 3)
    clock = Clock()
    async with auditing(audit.AuditTable(database), clock) as audits:
        for number in range(10):
            clock.time += number % 2
            await called(audits, "create_user", uid="1")

    everything = stored(database)
    assert [row.seq for row in everything] == [*range(1, 21)]
    assert list(audit.between(database, None, None)) == everything
    middle = [row for row in everything if 1_795_000_002 <= row.at <= 1_795_000_003]
    assert list(audit.between(database, 1_795_000_002, 1_795_000_003)) == middle
    with database.begin(reading=True) as tx:
        assert audit.newest(tx, 5) == everything[-5:]


async def test_nothing_is_swept(database: Database) -> None:
    """The audit is kept until an operator removes it."""
    async with auditing(audit.AuditTable(database)) as audits:
        await called(audits)
    with database.begin() as tx:
        sweep.sweep(tx, 4_000_000_000)

    assert len(stored(database)) == 2
