"""`fullstory-mcp audit`: an operator asks who did what, and whether the log is whole."""

import csv
import io
import json
import subprocess
from pathlib import Path

import anyio
import pytest

from audit.logs import ANA, auditing, called
from command import COMMAND, environment, fullstory_mcp
from fullstory_mcp.audit.entries import canonical, hashed
from fullstory_mcp.audit.lines import JsonLines
from fullstory_mcp.errors import NotPermitted
from support import Clock

STARTED = 1_795_000_000


async def _happen(path: Path, hours: int = 0) -> None:
    """A read, a refusal, a write, an hour apart each."""
    clock = Clock(STARTED + hours * 3600)
    async with auditing(JsonLines(path), clock) as audit:
        await called(audit, session_id="123:456")
        clock.time += 3600
        with pytest.raises(NotPermitted):
            async with audit.call(ANA, "delete_user"):
                raise NotPermitted("delete_user", "it is off.", "Ask.", "preset support")
        clock.time += 3600
        await called(audit, "create_user", uid="cust-7")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of a short day."""
    path = tmp_path / "audit.jsonl"
    anyio.run(_happen, path)
    return path


def run(*arguments: str, log: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """An audit command over a log."""
    return fullstory_mcp("audit", *arguments, "--file", str(log), **settings)


READ = "Ana (Claude) read the events of session 123:456: allowed by preset support; 200 in 0.0 s"
REFUSED = "Ana (Claude) called delete_user: refused by preset support (NotPermitted) in 0.0 s"
WROTE = "Ana (Claude) created or changed the user cust-7: allowed by preset support; 200 in 0.0 s"


def test_tail_prints_the_newest_calls_as_sentences(log: Path) -> None:
    """With their time, oldest first."""
    told = run("tail", log=log).stdout.splitlines()

    assert told == [
        f"2026-11-18 11:06:40  {READ}",
        f"2026-11-18 12:06:40  {REFUSED}",
        f"2026-11-18 13:06:40  {WROTE}",
    ]
    assert run("tail", "-n", "1", log=log).stdout.splitlines() == told[2:]


SEARCHES = {
    "--person ana@EXAMPLE.com": [READ, REFUSED, WROTE],
    "--person bob": [],
    "--client claude.ai": [READ, REFUSED, WROTE],
    "--tool delete_user": [REFUSED],
    "--tool delete": [],
    "--target cust-7": [WROTE],
    "--target 123": [],
    "--outcome refused": [REFUSED],
    "--outcome answered --tool create_user": [WROTE],
    "--since 2026-11-18T12:00": [REFUSED, WROTE],
    "--since 2026-11-18T12:00Z --until 2026-11-18T14:00+01:00": [REFUSED],
    "--until 2026-11-18": [],
    "--since 1m": [],
}


@pytest.mark.parametrize("asked", SEARCHES)
def test_search_prints_what_fits_everything_asked(log: Path, asked: str) -> None:
    """By who, with what, which tool, on what, how it ended and when; nothing found is exit code 1."""
    found = run("search", *asked.split(), log=log)

    assert [line[21:] for line in found.stdout.splitlines()] == SEARCHES[asked]
    assert found.returncode == (0 if SEARCHES[asked] else 1)


@pytest.mark.parametrize("asked", ["--since yesterday", "--outcome good", "--since 99999999999d"])
def test_search_for_what_cannot_be_is_told(log: Path, asked: str) -> None:
    """With what would be understood."""
    found = run("search", *asked.split(), log=log)

    assert found.returncode == 2
    assert "must be" in found.stderr


def test_call_without_an_end_is_told_as_such(log: Path) -> None:
    """A killed process leaves a decision alone."""
    whole = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(whole[:-1]))

    assert "cust-7: allowed by preset support; no end is recorded" in run("tail", log=log).stdout
    assert run("search", "--outcome", "unended", log=log).stdout.count("\n") == 1
    verified = run("verify", log=log)
    assert (verified.returncode, "1 call has no end" in verified.stdout) == (0, True)


def test_verify_says_that_a_log_is_whole_and_what_that_leaves_open(log: Path) -> None:
    """Counted, and with the way to find a cut tail later."""
    verified = run("verify", log=log)

    assert verified.returncode == 0
    assert verified.stdout.startswith("6 records of 3 calls in 1 chain: none was changed")
    assert "--heads" in verified.stdout


def test_verify_names_line_and_fault(log: Path) -> None:
    """And leaves with exit code 1; heads of such a log are not given out."""
    log.write_bytes(log.read_bytes().replace(b"cust-7", b"cust-8"))

    verified = run("verify", log=log)
    assert verified.returncode == 1
    assert verified.stdout == ("WRONG  line 5: was changed: its hash does not fit what it says\n")
    assert verified.stderr == "The audit is not whole: 1 fault.\n"
    heads = run("verify", "--heads", log=log)
    assert (heads.returncode, heads.stdout) == (1, "")


def test_anchored_heads_find_a_cut_tail_and_a_missing_chain(log: Path, tmp_path: Path) -> None:
    """What `--heads` printed, kept elsewhere, is what `--anchored` takes."""
    anchor = tmp_path / "heads.txt"
    anchor.write_text("# kept by the auditors\n" + run("verify", "--heads", log=log).stdout)
    anyio.run(_happen, log, 24)
    whole = log.read_bytes().splitlines(keepends=True)

    assert "All 1 anchored heads are there" in run(*_anchored(anchor), log=log).stdout
    log.write_bytes(b"".join(whole[:4]))
    assert "record 6 of writer" in run(*_anchored(anchor), log=log).stdout
    log.write_bytes(b"".join(whole[6:]))
    missing = run(*_anchored(anchor), log=log)
    assert (missing.returncode, "nothing of it is there" in missing.stdout) == (1, True)


def _anchored(path: Path) -> tuple[str, ...]:
    return ("verify", "--anchored", str(path))


@pytest.mark.parametrize("text", ["hello", "w 0 " + "0" * 64, "w x " + "0" * 64, "w 1 abc"])
def test_anchor_that_is_none_is_told(log: Path, tmp_path: Path, text: str) -> None:
    """By its line."""
    anchor = tmp_path / "heads.txt"
    anchor.write_text(f"\n{text}\n")

    verified = run(*_anchored(anchor), log=log)
    assert (verified.returncode, "line 2 is not" in verified.stderr) == (1, True)


def test_rotated_log_is_read_whole(log: Path, tmp_path: Path) -> None:
    """Several files, the oldest first, are one log; the newest alone says that there is more."""
    newer = tmp_path / "newer.jsonl"
    lines = log.read_bytes()
    anyio.run(_happen, log, 24)
    newer.write_bytes(log.read_bytes().removeprefix(lines))
    log.write_bytes(lines)

    both = run("verify", "--file", str(log), log=newer)
    assert both.stdout.startswith("12 records of 6 calls in 2 chains")
    alone = run("verify", log=newer)
    assert (alone.returncode, "in an earlier part" in alone.stdout) == (0, True)
    assert run("search", "--file", str(log), log=newer).stdout.count("\n") == 6


def test_export_as_lines_can_be_verified(log: Path, tmp_path: Path) -> None:
    """They are the very lines."""
    copy = tmp_path / "copy.jsonl"
    copy.write_text(run("export", log=log).stdout)

    assert copy.read_bytes() == log.read_bytes()


def test_export_as_a_table_holds_no_formula(log: Path) -> None:
    """One row a record; a spreadsheet computes nothing of what somebody typed."""

    async def evil() -> None:
        async with auditing(JsonLines(log)) as audit:
            await called(audit, "create_user", uid="=cmd|'/c calc'!A1")
            await called(audit, "get_user", id="=1+1")

    anyio.run(evil)
    rows = list(csv.DictReader(io.StringIO(run("export", "--format", "csv", log=log).stdout)))

    assert len(rows) == 10
    assert (rows[0]["name"], rows[0]["targets"]) == ("Ana", "session_id=123:456")
    assert (rows[1]["outcome"], rows[1]["status"]) == ("answered", "200")
    assert not [cell for row in rows for cell in row.values() if cell.startswith("=")]


def test_tail_follows_what_comes(log: Path) -> None:
    """Into a file put in its place as well."""
    command = [*COMMAND, "audit", "tail", "-f", "-n", "1", "--file", str(log)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert WROTE in process.stdout.readline()
            anyio.run(_happen, log, 24)
            assert f"2026-11-19 11:06:40  {READ}" in process.stdout.readline()
            assert REFUSED in process.stdout.readline()
            assert WROTE in process.stdout.readline()
            log.rename(log.with_suffix(".1"))
            anyio.run(_happen, log, 48)
            assert f"2026-11-20 11:06:40  {READ}" in process.stdout.readline()
        finally:
            process.kill()


def test_file_of_the_settings_is_read(log: Path) -> None:
    """Without --file, as the server that writes it."""
    told = fullstory_mcp("audit", "tail", FULLSTORY_MCP_AUDIT_FILE=str(log))

    assert told.stdout.count("\n") == 3


def test_without_a_log_the_way_to_one_is_told() -> None:
    """One sentence, exit code 1."""
    told = fullstory_mcp("audit", "tail")

    assert told.returncode == 1
    assert told.stderr.startswith("fullstory-mcp: There is no audit to read: name its file")


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Named by flag or by setting."""
    nowhere = tmp_path / "nowhere"

    assert "does not exist" in run("verify", log=nowhere).stderr
    told = fullstory_mcp("audit", "verify", FULLSTORY_MCP_AUDIT_FILE=str(nowhere))
    assert (told.returncode, "cannot be read: no such file" in told.stderr) == (1, True)


def test_signs_in_a_forged_log_cannot_steer_a_terminal(log: Path) -> None:
    """What is printed is made harmless, whoever wrote the file."""
    content = json.loads(log.read_bytes().splitlines()[0])
    content["who"]["name"] = "Ana\x1b[2J\n"
    content["hash"] = hashed(content)
    log.write_text(canonical(content) + "\n")

    told = run("tail", log=log).stdout
    assert "Ana?[2J? (Claude)" in told
