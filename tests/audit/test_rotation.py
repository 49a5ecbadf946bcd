"""A log that is rotated, emptied, removed or cut while it is written to: nothing is lost unseen."""

import os
from pathlib import Path

import anyio
import pytest

from audit.logs import auditing, called, faults, findings, raw_of, records, written
from fullstory_mcp.audit.lines import JsonLines

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log will be."""
    return tmp_path / "audit.jsonl"


async def test_rotated_file_is_followed(path: Path) -> None:
    """What comes goes into the new file, in a chain that names the old one's end."""
    old = path.with_suffix(".1")
    async with auditing(JsonLines(path)) as audit:
        await called(audit, "create_user", uid="1")
        await anyio.Path(path).rename(old)
        await called(audit, "create_user", uid="2")

    before, after = raw_of(old), raw_of(path)
    # The end of the first call went wherever the file was by then.
    assert len(records(before)) + len(records(after)) == 4
    assert findings(before + after) == []
    assert "in an earlier part" in str(findings(after)[-1])


async def test_rotation_is_followed_by_every_process(path: Path) -> None:
    """Whoever finds the new file second names the first, so that the file can be checked alone."""
    async with auditing(JsonLines(path)) as one, auditing(JsonLines(path)) as other:
        await called(one, "create_user", uid="1")
        await called(other, "create_user", uid="2")
        await anyio.Path(path).rename(path.with_suffix(".1"))
        await called(one, "create_user", uid="3")
        await called(other, "create_user", uid="4")

    assert faults(raw_of(path)) == []
    assert faults(raw_of(path.with_suffix(".1")) + raw_of(path)) == []


async def test_tail_cut_off_a_log_in_use_is_found(path: Path) -> None:
    """The process knows what it wrote, and its next chain says so."""
    await written(path, 2)
    async with auditing(JsonLines(path)) as audit:
        await called(audit, "create_user", uid="1")
        before = len(raw_of(path))
        await called(audit, "create_user", uid="2")
        os.truncate(path, before)
        await called(audit, "create_user", uid="3")

    assert "is missing or was replaced" in str(faults(raw_of(path))[0])


async def test_emptied_file_begins_a_chain(path: Path) -> None:
    """A rotation that copies and empties is one, too."""
    async with auditing(JsonLines(path)) as audit:
        for uid in "123":
            await called(audit, "create_user", uid=uid)
        os.truncate(path, 0)
        await called(audit, "create_user", uid="4")

    assert faults(raw_of(path)) == []
    assert records(raw_of(path))[0]["seq"] == 1


async def test_deleted_file_is_made_again(path: Path) -> None:
    """Whoever moves it away does not end the audit."""
    async with auditing(JsonLines(path)) as audit:
        await called(audit, "create_user", uid="1")
        await anyio.Path(path).unlink()
        await called(audit, "create_user", uid="2")

    assert faults(raw_of(path)) == []


async def test_line_cut_in_the_middle_is_named_and_the_next_process_starts_afresh(
    path: Path,
) -> None:
    """What a lost machine left of a line stays what it is; nothing is written behind it."""
    await written(path, 2)
    os.truncate(path, len(raw_of(path)) - 40)
    await written(path, 2)

    raw = raw_of(path)
    assert [str(fault) for fault in faults(raw)] == [
        "line 4: was cut or changed: it is no whole record"
    ]
    assert len(raw.splitlines()) == 8
