"""Two linked records of every decision reach the log, or what changes something is not done."""

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from audit.logs import (
    ANA,
    auditing,
    called,
    catalogue,
    faults,
    findings,
    mode_of,
    raw_of,
    records,
    written,
)
from fullstory_mcp.audit import Audit, journal
from fullstory_mcp.audit.lines import JsonLines
from fullstory_mcp.errors import (
    BudgetSpent,
    CallerError,
    Fault,
    InvalidArguments,
    NotConfirmed,
    NotPermitted,
    NotRecorded,
    SettingsError,
)
from support import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log will be."""
    return tmp_path / "audit.jsonl"


@contextmanager
def full_disk(path: Path, room: int = 100) -> Iterator[None]:
    """No file may grow beyond what the log has and a little: the system stops a write in its middle."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_call_leaves_two_records_that_belong_together(path: Path) -> None:
    """The first says who may do what and why, the second how it ended; both say who and which tool."""
    leg = {"tool": "get_session_events", "parent": "abcd"}
    async with auditing(JsonLines(path)) as audit, audit.call(ANA, **leg) as record:
        record.of(catalogue().tools["get_session_events"], {"session_id": "123:456"})
        record.rule = "preset support, row 2: person ana@example.com"
        await audit.decided(record, changes=False)
        record.outcome, record.status = "answered", 200
        record.spent["activations"] = 1

    first, second = records(raw_of(path))
    both = {
        "v": 1,
        "at": "2026-11-18T11:06:40.000Z",
        "call": record.call,
        "parent": "abcd",
        "tool": "get_session_events",
        "who": {
            "name": "Ana",
            "email": "ana@example.com",
            "owner": "oidc:https://id.example.com#ana",
            "door": "oauth",
            "client": "Claude",
            "client_id": "https://claude.ai/client.json",
            "connection": "connection-7",
            "key": ANA.key.fingerprint,
        },
        "writer": first["writer"],
    }
    assert first == both | {
        "kind": "decided",
        "seq": 1,
        "did": "read the events of session {session_id}",
        "targets": {"session_id": ["123:456"]},
        "decision": "allowed",
        "rule": "preset support, row 2: person ana@example.com",
        "digest": first["digest"],
        "prev": "",
        "hash": first["hash"],
    }
    assert second == both | {
        "kind": "ended",
        "seq": 2,
        "outcome": "answered",
        "status": 200,
        "activations": 1,
        "ms": second["ms"],
        "prev": first["hash"],
        "hash": second["hash"],
    }


async def test_refusal_leaves_two_records_as_well(path: Path) -> None:
    """The rule that refused is written down though nothing was decided otherwise."""
    async with auditing(JsonLines(path)) as audit:
        with pytest.raises(NotPermitted):
            async with audit.call(ANA, "delete_user"):
                raise NotPermitted("delete_user", "it is off.", "Ask.", "preset support")

    first, second = records(raw_of(path))
    assert (first["decision"], first["rule"]) == ("refused", "preset support")
    assert (second["outcome"], second["reason"]) == ("refused", "NotPermitted")


REFUSALS: list[tuple[CallerError, str]] = [
    (InvalidArguments([Fault("uid", "is wrong")]), ""),
    (InvalidArguments([Fault("rows", "too many")], rule="limit rows of preset a"), "limit rows of preset a"),
    (NotConfirmed("No."), "the confirmation"),
    (BudgetSpent("None."), "the budget"),
    (BudgetSpent("None.", "budget of calls a day, preset a"), "budget of calls a day, preset a"),
]  # fmt: skip


async def _stopped(audit: Audit, error: CallerError, *, allowed: bool) -> None:
    """A call that the gate let through, stopped before it was written down, or after."""
    tool = catalogue().tools["create_user"]
    async with audit.call(ANA, tool.name) as record:
        record.of(tool, {"uid": "u1"})
        record.rule = "preset a"
        if allowed:
            await audit.decided(record, changes=True)
        raise error


@pytest.mark.parametrize(("error", "rule"), REFUSALS)
async def test_rule_is_what_refused(path: Path, error: CallerError, rule: str) -> None:
    """A limit, budget or confirmation that stops a call is named, not the preset that allows the tool."""
    async with auditing(JsonLines(path)) as audit:
        for allowed in (False, True):
            with pytest.raises(type(error)):
                await _stopped(audit, error, allowed=allowed)

    refused, _, let, stopped = records(raw_of(path))
    assert (refused["decision"], refused.get("rule", "")) == ("refused", rule)
    assert (let["decision"], let["rule"]) == ("allowed", "preset a")
    assert stopped.get("rule", "") == rule


NAMES = {
    ("API key 63671a19 (Admin)", "key:63671a19"): "API key 63671a19 (Admin)",
    ("API key 63671a19 (Admin)", "oidc:https://id.example.com#1"): "API key 63671a19 ?Admin?",
    ("API key 63671a19 (Owner)", "key:63671a19"): "API key 63671a19 ?Owner?",
    ("Ana (Claude) read: allowed", "key:63671a19"): "Ana ?Claude? read? allowed",
}


@pytest.mark.parametrize(("name", "owner"), NAMES)
async def test_name_that_we_made_of_a_key_is_whole(path: Path, name: str, owner: str) -> None:
    """Any other is a stranger's, and cleaned."""
    async with (
        auditing(JsonLines(path)) as audit,
        audit.call(replace(ANA, name=name, owner=owner), "get_me"),
    ):
        pass

    assert {row["who"]["name"] for row in records(raw_of(path))} == {NAMES[name, owner]}


async def test_no_value_is_written_but_ids(path: Path) -> None:
    """What a tool's file names is written, if it can be an id; everything else only as a fingerprint."""
    rows = [f"id-{number}" for number in range(30)]
    async with auditing(JsonLines(path)) as audit:
        await called(audit, "compare_sessions", session_ids=rows, focus="nora@example.com")
        await called(audit, "create_user", uid="a\nb\u202e" + "x" * 500, display_name="Nora Quist")
        await called(audit, "create_user", uid="a\nb\u202e" + "x" * 500, display_name="Nora Quisd")

    raw = raw_of(path)
    many, _, one, _, other, _ = records(raw)
    assert many["targets"] == {"session_ids": rows[:20]}
    assert many["more"] == {"session_ids": 10}
    assert one["targets"]["uid"][0].startswith("sha256:")
    assert len({many["digest"], one["digest"], other["digest"]}) == 3
    assert b"nora" not in raw.lower()
    assert max(map(len, raw.splitlines())) < 2_000


async def test_file_is_its_owners_alone(path: Path) -> None:
    """It says who did what."""
    await written(path, 1)

    assert mode_of(path) == 0o600


async def test_processes_share_a_file(path: Path) -> None:
    """Each has a chain of its own in it, however their lines are mixed."""
    async with auditing(JsonLines(path)) as one, auditing(JsonLines(path)) as other:
        for _ in range(20):
            await called(one, "create_user", uid="1")
            await called(other, "create_user", uid="2")

    raw = raw_of(path)
    assert findings(raw) == []
    assert len({row["writer"] for row in records(raw)}) == 2
    assert len(records(raw)) == 80


async def test_next_process_names_the_end_of_the_one_before(path: Path) -> None:
    """So that the end of the earlier chain cannot be cut off unseen."""
    await written(path, 1)
    await written(path, 1)

    _, last, first, _ = records(raw_of(path))
    assert first["after"] == {name: last[name] for name in ("writer", "seq", "hash")}


async def test_write_waits_for_its_record_and_a_read_does_not(path: Path) -> None:
    """When `decided` returns, a write's record is in the file, and what was queued before it."""
    async with auditing(JsonLines(path)) as audit, audit.call(ANA, "create_user") as record:
        await audit.decided(record, changes=True)
        assert record.call.encode() in raw_of(path)


async def test_reads_wait_too_where_the_operator_says_so(path: Path) -> None:
    """With FULLSTORY_MCP_AUDIT_REQUIRED=all nothing at all is done without its record."""
    async with auditing(JsonLines(path), every=True) as audit:
        await called(audit)
        with full_disk(path), pytest.raises(NotRecorded, match="what reads something is not done"):
            await called(audit)


async def test_full_disk_stops_writes_and_not_reads(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once a minute; no line is left in pieces; and what was queued is written later."""
    clock = Clock()
    async with auditing(JsonLines(path), clock) as audit:
        await called(audit, "create_user", uid="before")
        with full_disk(path):
            for _ in range(3):
                await called(audit)
                with pytest.raises(NotRecorded, match="Nothing was sent: the audit cannot be"):
                    await called(audit, "create_user", uid="meanwhile")
            told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
            clock.time += 61
            with pytest.raises(NotRecorded):
                await called(audit, "create_user", uid="meanwhile")
            assert faults(raw_of(path)) == []
        await called(audit, "create_user", uid="after")

    assert [line.count("file too large") for line in told] == [1]
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 2
    rows = records(raw_of(path))
    assert findings(raw_of(path)) == []
    assert len(rows) == 2 * (1 + 3 + 4 + 1)
    refused = [row for row in rows if row.get("reason") == "NotRecorded"]
    assert [row["outcome"] for row in refused] == ["refused"] * 4


async def test_what_cannot_be_kept_is_counted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest reads go first; that a write was sent stays known, and a record says how many went."""
    monkeypatch.setattr(journal, "MOST_QUEUED", 30)
    monkeypatch.setattr(journal, "MOST_AT_ONCE", 5)
    async with auditing(JsonLines(path)) as audit:
        async with audit.call(ANA, "create_user") as record:
            await audit.decided(record, changes=True)
            full = full_disk(path, 10)
            full.__enter__()
        with pytest.raises(NotRecorded):
            await called(audit, "create_user", uid="1")
        for _ in range(50):
            await called(audit)
        full.__exit__(None, None, None)
        await called(audit, "create_user", uid="2")

    rows = records(raw_of(path))
    lost = [row for row in rows if row["kind"] == "lost"]
    assert faults(raw_of(path)) == []
    assert sum(row["count"] for row in lost) + len(rows) - len(lost) == 2 * 53
    assert [row["kind"] for row in rows if row.get("call") == record.call] == ["decided", "ended"]
    assert "records could not be kept here" in str(findings(raw_of(path))[0])


async def test_cancelled_call_is_recorded(path: Path) -> None:
    """Whoever hangs up in the middle leaves both records."""
    async with auditing(JsonLines(path)) as audit:
        with anyio.move_on_after(0):
            async with audit.call(ANA, "get_me") as record:
                await audit.decided(record, changes=False)
                await anyio.sleep(1)

    assert [row.get("outcome", "decided") for row in records(raw_of(path))] == [
        "decided",
        "cancelled",
    ]


async def test_many_writes_at_once_share_their_way_to_the_disk(path: Path) -> None:
    """A hundred callers who wait are each recorded before they go on."""
    async with auditing(JsonLines(path)) as audit, anyio.create_task_group() as tasks:
        for number in range(100):
            tasks.start_soon(_one, audit, str(number))

    raw = raw_of(path)
    assert findings(raw) == []
    assert len(records(raw)) == 200


async def _one(audit: Audit, uid: str) -> None:
    await called(audit, "create_user", uid=uid)


async def test_audit_that_was_never_opened_lets_no_write_through(path: Path) -> None:
    """A server put together wrongly fails closed."""
    audit = Audit(journal=journal.Journal(JsonLines(path)))

    await called(audit)
    with pytest.raises(NotRecorded):
        await called(audit, "create_user", uid="1")


UNUSABLE: dict[str, Any] = {
    "a folder": (lambda path: path.mkdir(), "is a directory"),
    "a folder that is not there": (lambda _: None, "no such file"),
    "a device": (lambda path: path.symlink_to("/dev/null"), "must be an ordinary file"),
}


@pytest.mark.parametrize("what", UNUSABLE)
async def test_unusable_file_is_told_at_the_start(path: Path, what: str) -> None:
    """Not at the first write, hours later."""
    prepare, expected = UNUSABLE[what]
    prepare(path)
    if what == "a folder that is not there":
        path /= "audit.jsonl"

    with pytest.raises(SettingsError, match=expected) as raised:
        JsonLines(path)
    assert str(raised.value).startswith("FULLSTORY_MCP_AUDIT_FILE")


async def test_leaving_server_says_what_it_could_not_write(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It does not wait for a disk for ever."""
    caplog.set_level(logging.ERROR)
    await written(path, 1)
    with full_disk(path):
        await written(path, 1)

    assert "2 records of the audit are lost" in caplog.text
    assert faults(raw_of(path)) == []
