"""What is refused while the audit cannot be written: changes, and reads only where the operator says so."""

from pathlib import Path

import pytest

from support import connected

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("required", "reads"), [("writes", True), ("all", False)])
async def test_lost_log_stops_changes_and_on_demand_reads(
    tmp_path: Path, required: str, *, reads: bool
) -> None:
    """The refusal says what cannot be done and why; nothing of it reaches the API."""
    log = tmp_path / "audit.jsonl"
    settings = {
        "FULLSTORY_MCP_AUDIT_FILE": str(log),
        "FULLSTORY_MCP_AUDIT_REQUIRED": required,
    }
    async with connected(**settings) as server:
        assert not (await server.call("get_me")).is_error
        log.rename(tmp_path / "elsewhere")
        log.mkdir()
        before = len(server.sent())
        change = await server.error("create_annotation", text="x")
        read = await server.call("list_segments")

        assert server.changes() == []
        assert len(server.sent()) - before == int(reads)
    assert change.startswith("Nothing was sent: the audit cannot be written just now")
    assert read.is_error is not reads
