"""What a policy leaves of a call's arguments: only these segments and profiles, so many rows and sessions."""

from pathlib import Path
from typing import Any

import pytest

from support import connected

pytestmark = pytest.mark.anyio

POLICY = """
version = 1
[presets.narrow]
areas = { sessions = "read", segments = "full", summary_profiles = "full", users = "full", events = "full" }
limits = { sessions = 3, rows = 2, segments = ["seg-1"], profiles = ["profile-1"] }
[[principals]]
door = "stdio"
preset = "narrow"
"""
BY = "(preset narrow, row 1: door stdio)"
SESSIONS = [f"123:{number}" for number in range(4)]
EXPORT = {"type": "TYPE_EVENT", "format": "FORMAT_JSON", "segmentTimeRange": {}}

BEYOND: dict[str, tuple[str, dict[str, Any], str]] = {
    "sessions named": (
        "compare_sessions",
        {"session_ids": SESSIONS},
        f"session_ids: comes to 4 sessions; the policy leaves 3 a call {BY}",
    ),
    "sessions summarized": (
        "summarize_sessions",
        {"session_ids": SESSIONS},
        f"session_ids: comes to 4 sessions; the policy leaves 3 a call {BY}",
    ),
    "sessions by default": (
        "review_user",
        {"uid": "cust-1042"},
        f"max_sessions: left out comes to 5 sessions; the policy leaves 3 a call {BY}",
    ),
    "users times sessions": (
        "find_friction",
        {"users": ["a", "b"], "max_sessions": 2},
        f"max_sessions: comes to 4 sessions; the policy leaves 3 a call {BY}",
    ),
    "rows of users": (
        "create_user_import",
        {"requests": [{"uid": str(number)} for number in range(3)]},
        f"requests: comes to 3 rows; the policy leaves 2 a call {BY}",
    ),
    "another segment": (
        "get_segment",
        {"id": "seg-2"},
        f"id: must be one of: seg-1; the policy leaves no other {BY}",
    ),
    "another profile": (
        "generate_summary",
        {"session_id": "123:4", "config_profile": "profile-2"},
        f"config_profile: must be one of: profile-1; the policy leaves no other {BY}",
    ),
    "a profile to delete": (
        "delete_summary_profile",
        {"id": "profile-2"},
        f"id: must be one of: profile-1; the policy leaves no other {BY}",
    ),
}


@pytest.fixture
def narrow(tmp_path: Path) -> dict[str, str]:
    """Settings with the policy."""
    path = tmp_path / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return {"FULLSTORY_MCP_POLICY_FILE": str(path)}


@pytest.mark.parametrize(("tool", "arguments", "said"), BEYOND.values(), ids=BEYOND)
async def test_argument_beyond_a_limit_is_named_with_what_is_left(
    narrow: dict[str, str], tool: str, arguments: dict[str, Any], said: str
) -> None:
    """Nothing is sent, and the caller is told which argument, which limit, and whose."""
    async with connected(**narrow) as server:
        told = await server.error(tool, **arguments)

        assert server.sent() == []
    assert said in told


async def test_what_is_within_the_limits_goes_through(narrow: dict[str, str]) -> None:
    """The last row, session and id that are left are left."""
    async with connected(**narrow) as server:
        rows = [{"uid": str(number)} for number in range(2)]
        assert not (await server.call("create_user_import", requests=rows)).is_error
        assert not (await server.call("review_user", uid="cust-1042", max_sessions=3)).is_error
        told = await server.error("get_segment", id="seg-1")
        assert "GET /segments/v1/seg-1" in server.sent()
    assert "policy" not in told


async def test_profile_that_is_not_named_is_none_that_is_refused(narrow: dict[str, str]) -> None:
    """A summary without a profile uses none of the account's, so the limit says nothing of it."""
    async with connected(**narrow) as server:
        await server.call("generate_summary", session_id="123:4")

        assert server.sent() == ["GET /v2/sessions/123%3A4/summary"]
