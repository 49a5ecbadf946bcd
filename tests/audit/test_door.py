"""The audit of a whole server: what a client does is in the file, and reads as one plain sentence."""

import re
from pathlib import Path

import anyio
import pytest
from mcp.shared.exceptions import MCPError

from audit.logs import faults, raw_of, records
from fullstory_mcp.audit.telling import paired, sentence
from support import confirmation_in, connected

pytestmark = pytest.mark.anyio

TOOK = re.compile(r"in \d+\.\d s$")


async def test_every_kind_of_call_reads_as_a_sentence(tmp_path: Path) -> None:
    """Answered, refused, failed, asked, confirmed, tried: who, what, by which rule, and how it ended."""
    path = tmp_path / "audit.jsonl"
    async with connected("architect", FULLSTORY_MCP_AUDIT_FILE=str(path)) as server:
        await server.data("list_sessions", uid="cust-1042")
        await server.call("list_webhook_endpoints")
        await server.call("list_sessions", wrong="nora.quist@example.com")
        await server.call("get_user", id="5721348069376000")
        with pytest.raises(MCPError):
            await server.call("nora.quist@example.com")
        await server.call("create_user", uid="cust-77", dry_run=True)
        asked = await server.call("delete_user", uid="cust-1042")
        await server.call("delete_user", uid="cust-1042", confirmation=confirmation_in(asked))

    by = "the key's level, architect"
    calls = [call for call in paired(records(raw_of(path))) if "parent" not in call.decided]
    told = [TOOK.sub("in 0.4 s", sentence(call)) for call in calls]
    assert faults(raw_of(path)) == []
    assert b"nora" not in raw_of(path)
    assert told == [
        f"stdio listed the sessions of user cust-1042: allowed by {by}; 200 in 0.4 s",
        f"stdio called list_webhook_endpoints: refused by {by} (NotPermitted) in 0.4 s",
        "stdio called list_sessions: refused (InvalidArguments) in 0.4 s",
        f"stdio called get_user on 5721348069376000: allowed by {by}; failed (NotFound, 404) in 0.4 s",
        "stdio called a tool that does not exist: refused (UnknownTool) in 0.4 s",
        f"stdio called create_user on cust-77: allowed by {by}, as a dry run, which sends nothing; answered in 0.4 s",
        f"stdio asked for delete_user on cust-1042: to be confirmed first ({by})",
        f"stdio deleted the user cust-1042: allowed by {by}, confirmed by repeating the call; 200 in 0.4 s",
    ]


async def test_legs_name_the_call_they_belong_to(tmp_path: Path) -> None:
    """What a composite did on the way can be told from what was asked for."""
    path = tmp_path / "audit.jsonl"
    async with connected(FULLSTORY_MCP_AUDIT_FILE=str(path)) as server:
        await server.text("review_user", uid="cust-1042")

    rows = records(raw_of(path))
    (call,) = {row["call"] for row in rows if row["tool"] == "review_user"}
    assert {row["parent"] for row in rows if row["tool"] != "review_user"} == {call}


async def test_what_a_call_spent_is_in_its_second_record(tmp_path: Path) -> None:
    """Activations and server events, by the call that took them."""
    path = tmp_path / "audit.jsonl"
    async with connected(FULLSTORY_MCP_AUDIT_FILE=str(path)) as server:
        session = (await server.data("list_sessions", uid="cust-1042"))["results"][0]["id"]
        await server.text("get_session_events", session_id=session)
        await server.data("create_event", user={"uid": "cust-1042"}, name="Paid")

    ended = {row["tool"]: row for row in records(raw_of(path)) if row["kind"] == "ended"}
    assert ended["get_session_events"]["activations"] == 1
    assert ended["create_event"]["events"] == 1
    assert "activations" not in ended["list_sessions"]


async def test_switched_off_audit_writes_nothing(tmp_path: Path) -> None:
    """FULLSTORY_MCP_AUDIT=off wins over the file."""
    path = tmp_path / "audit.jsonl"
    given = {"FULLSTORY_MCP_AUDIT_FILE": str(path), "FULLSTORY_MCP_AUDIT": "off"}
    async with connected(**given) as server:
        await server.data("create_user", uid="cust-77")

    assert not await anyio.Path(path).exists()
