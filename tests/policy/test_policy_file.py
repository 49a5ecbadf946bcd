"""The policy file is read again when it changes, and a broken edit changes nothing."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from fullstory_mcp.policy.file import PolicyFile
from policy.pages import CALLER, CATALOGUE, STDIO, SUPPORT, policy, row
from support import Clock

BOTH = SUPPORT + row(door="stdio") + row(person="*@example.com")


def test_without_a_file_there_is_no_ruling() -> None:
    """Nothing changes for whoever has no policy."""
    assert PolicyFile(None, CATALOGUE).ruling(STDIO) is None


def test_a_file_without_rows_gives_nobody_anything(tmp_path: Path) -> None:
    """Denied by default once the file exists."""
    ruling = policy(tmp_path, SUPPORT).ruling(STDIO)

    assert ruling is not None
    assert (ruling.rules, ruling.by) == (None, "no row of the policy fits")


def test_a_changed_file_counts_within_two_seconds(tmp_path: Path) -> None:
    """Somebody whose row was taken out is out, also when nobody has the preset any more."""
    clock = Clock()
    file = policy(tmp_path, BOTH, clock)
    (tmp_path / "policy.toml").write_text(SUPPORT)

    def is_known() -> bool:
        ruling = file.ruling(CALLER)
        return ruling is not None and ruling.rules is not None

    assert is_known()
    for _ in range(3):
        clock.time += 0.5
        assert is_known()
    clock.time += 0.5
    assert not is_known()


def test_a_file_that_is_half_written_is_left_alone(tmp_path: Path) -> None:
    """Cut at a line's end it may be sound, and give what its next line takes away."""
    clock = Clock()
    rows = "version = 1\n" + row(door="stdio") + '[presets.support]\nareas.users = "full"\n'
    file = policy(tmp_path, f"{rows}limits.rows = 1\n", clock)
    path = tmp_path / "policy.toml"

    def most_rows() -> int | None:
        clock.time += 1
        ruling = file.ruling(STDIO)
        assert ruling is not None
        assert ruling.rules is not None
        return ruling.rules.rows

    path.write_text(rows)
    assert most_rows() == 1
    path.write_text(f"{rows}limits.rows = 2\n")
    assert [most_rows() for _ in range(2)] == [1, 2]


def test_a_broken_edit_keeps_what_was_good_and_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A typo, half a file, an empty one or none: the old stays, and the log names the fault."""
    clock = Clock()
    file = policy(tmp_path, BOTH, clock)
    path = tmp_path / "policy.toml"
    for broken in (BOTH.replace("sessions", "session"), BOTH[:-4], "", None):
        caplog.clear()
        path.unlink() if broken is None else path.write_text(broken)
        for _ in range(5):
            clock.time += 1
            ruling = file.ruling(CALLER)
            assert ruling is not None
            assert ruling.rules is not None
        (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert "FULLSTORY_MCP_POLICY_FILE: " in record.getMessage()
        assert record.getMessage().endswith("What it said before stays in force.")

    path.write_text(SUPPORT)
    for _ in range(2):
        clock.time += 1
        ruling = file.ruling(CALLER)
    assert ruling is not None
    assert ruling.rules is None


def test_nothing_that_reads_a_policy_is_loaded_without_one() -> None:
    """A server on stdio starts light."""
    code = (
        "import sys; from fullstory_mcp.policy.file import PolicyFile; PolicyFile(None, None); "
        "print('fullstory_mcp.policy.reading' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout == "False\n"
