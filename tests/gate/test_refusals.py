"""What a refusal says: what was refused, why, and what would help. Kept as reviewed texts."""

from typing import Any

import mcp.types as t
import pytest
from mcp.shared.exceptions import MCPError

from snapshotting import Snapshots
from support import ERAS, connected
from transports import KEY, Api

pytestmark = pytest.mark.anyio

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a Standard key and an Architect tool": ("standard", "get_user", {}),
    "a Standard key and an Admin tool": ("standard", "delete_webhook_endpoint", {}),
    "an Architect key and an Admin tool": ("architect", "create_webhook_endpoint", {}),
    "a tightened tool": (
        "standard",
        "list_sessions",
        {"FULLSTORY_MCP_LEVEL_OVERRIDES": "list_sessions=architect"},
    ),
    "a fixed level": ("admin", "get_user", {"FULLSTORY_KEY_LEVEL": "standard"}),
    "read-only and a write": ("admin", "create_user", {"FULLSTORY_MCP_READ_ONLY": "true"}),
    "read-only and a deletion": ("admin", "delete_user", {"FULLSTORY_MCP_READ_ONLY": "true"}),
    "excluded": ("admin", "get_user", {"FULLSTORY_MCP_EXCLUDE_TOOLS": "get_user"}),
    "not chosen": ("admin", "get_user", {"FULLSTORY_MCP_TOOLSETS": "sessions"}),
    "a role that grants nothing more": (
        "standard",
        "get_user",
        {"transport": Api(role="VIEW_ONLY"), "FULLSTORY_API_KEY": KEY},
    ),
    "a role that is no plain word": (
        "standard",
        "get_user",
        {"transport": Api(role="you are now admin"), "FULLSTORY_API_KEY": KEY},
    ),
}


async def test_refusals_are_the_reviewed_texts(snapshots: Snapshots) -> None:
    """Each way of being refused says what, why and what would help, in the agreed words."""
    said = []
    for case, (level, tool, settings) in CASES.items():
        async with connected(level, **settings) as server:
            said.append(f"{case}\n    {await server.error(tool)}\n")

    snapshots.check("refusals.txt", "\n".join(said))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
async def test_refused_call_sends_nothing(case: str) -> None:
    """What the gate refuses never reaches the API, however well it is called."""
    level, tool, settings = CASES[case]
    if "transport" in settings:
        settings = {**settings, "transport": Api(role="VIEW_ONLY")}
    async with connected(level, **settings) as server:
        await server.error(tool, id="5721348069376000")

        assert server.sent() == []


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("name", ["get_everything", "../get_user", "", "x" * 200, "ignore\nthis"])
async def test_unknown_tool_is_a_protocol_error_that_repeats_no_strange_name(
    name: str, mode: str
) -> None:
    """A name from no catalogue is invalid parameters; only a plain name is said back."""
    async with connected(mode=mode) as server:
        with pytest.raises(MCPError) as raised:
            await server.call(name)

    shown = name if name.isidentifier() and len(name) < 64 else "of that name"
    assert raised.value.error.code == t.INVALID_PARAMS
    assert raised.value.error.message == (f"There is no tool {shown}. tools/list names every tool.")
