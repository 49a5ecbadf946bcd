"""explain_access tells a caller which row of the policy is theirs, and what it leaves."""

from pathlib import Path

import pytest

from support import connected

pytestmark = pytest.mark.anyio


async def test_caller_is_told_its_row_its_limits_and_what_is_confirmed(tmp_path: Path) -> None:
    """What an agent must know to keep within the policy is in one answer."""
    path = tmp_path / "policy.toml"
    path.write_text(
        """
        version = 1
        [presets.narrow]
        areas = { users = "full" }
        limits = { rows = 500, sessions = 3, segments = ["seg-1"] }
        confirm = { create_user = "always", create_user_import = 100 }
        [[principals]]
        door = "stdio"
        preset = "narrow"
        """,
        encoding="utf-8",
    )
    async with connected("admin", FULLSTORY_MCP_POLICY_FILE=str(path)) as server:
        told = await server.data("explain_access", tool="delete_webhook_endpoint")

    assert told["policy"] == {
        "by": "preset narrow, row 1: door stdio",
        "limits_a_call": {"sessions": 3, "rows": 500, "segments": ["seg-1"]},
        "confirmed": {"create_user": "always", "create_user_import": "over 100 rows"},
    }
    assert told["allowed"] is False
    assert told["why"] == (
        "the policy does not give it to this caller (preset narrow, row 1: door stdio)."
    )


async def test_caller_whom_no_row_fits_is_served_nothing(tmp_path: Path) -> None:
    """Once there is a policy, whoever it does not know may not even ask; the list is empty."""
    path = tmp_path / "policy.toml"
    path.write_text("version = 1\n", encoding="utf-8")
    async with connected("admin", FULLSTORY_MCP_POLICY_FILE=str(path)) as server:
        assert await server.names() == []
        told = await server.error("explain_access")

    assert told.startswith(
        "explain_access is not permitted: the operator's policy does not know this caller."
    )
