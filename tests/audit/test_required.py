"""What is refused while the audit cannot be written: changes, and reads only where the operator says so."""

import json
from pathlib import Path

import pytest

from fullstory_mcp.sandbox import Fault
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


async def test_look_up_that_fails_is_not_told_as_a_refusal(tmp_path: Path) -> None:
    """Nobody refused the call: what it needed to know first was not answered."""
    log = tmp_path / "audit.jsonl"
    async with connected(FULLSTORY_MCP_AUDIT_FILE=str(log)) as server:
        server.sandbox.faults.add(Fault(method="GET", path="/webhooks", status=400))
        await server.error(
            "update_webhook_endpoint", id="aHR0cHM6Ly94Lnk=", url="https://x.example"
        )

    records = [json.loads(line) for line in log.read_text().splitlines()]
    decided, ended = (one for one in records if one["tool"] == "update_webhook_endpoint")
    assert "decision" not in decided
    assert (ended["outcome"], ended["status"]) == ("failed", 400)
