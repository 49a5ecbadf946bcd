"""Listing and calling ask the same question, so they can never answer it differently.

Every tool is called with an argument that no tool has: the gate comes before the arguments, so
the answer tells which of the two refused, and nothing is ever sent.
"""

from typing import Any

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.principal import LEVELS
from support import connected

pytestmark = pytest.mark.anyio

TOOLS = load_catalogue().tools

SETTINGS: dict[str, dict[str, str]] = {
    "nothing set": {},
    "read-only": {"FULLSTORY_MCP_READ_ONLY": "true"},
    "two areas": {"FULLSTORY_MCP_TOOLSETS": "users,webhooks"},
    "two tools": {"FULLSTORY_MCP_TOOLS": "get_user,delete_webhook_endpoint"},
    "an area and a tool": {
        "FULLSTORY_MCP_TOOLSETS": "sessions",
        "FULLSTORY_MCP_TOOLS": "list_segments",
    },
    "excluded": {"FULLSTORY_MCP_EXCLUDE_TOOLS": "list_sessions,delete_user,explain_access"},
    "chosen and excluded": {
        "FULLSTORY_MCP_TOOLSETS": "users",
        "FULLSTORY_MCP_EXCLUDE_TOOLS": "get_user",
    },
    "relaxed": {
        "FULLSTORY_MCP_LEVEL_OVERRIDES": "list_segments=standard,get_webhook_endpoint=architect"
    },
    "tightened": {"FULLSTORY_MCP_LEVEL_OVERRIDES": "list_sessions=admin,get_quotas=architect"},
    "everything at once": {
        "FULLSTORY_MCP_READ_ONLY": "true",
        "FULLSTORY_MCP_TOOLSETS": "segments,exports",
        "FULLSTORY_MCP_TOOLS": "create_user,get_user",
        "FULLSTORY_MCP_EXCLUDE_TOOLS": "get_segment",
        "FULLSTORY_MCP_LEVEL_OVERRIDES": "list_segments=standard",
    },
}

each_setting = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)


async def permitted(level: str, settings: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The tools that are listed, and those whose call the gate lets through."""
    async with connected(level, **settings) as server:
        listed = set(await server.names())
        texts = {name: await server.error(name, no_such_argument=1) for name in TOOLS}
        assert server.sent() == []
    passed = {name for name, text in texts.items() if text.startswith("Nothing was sent")}
    refused = {name for name, text in texts.items() if text.startswith(f"{name} is not permitted")}
    assert passed | refused == set(TOOLS), "a call was answered by something else"
    return listed, passed


@pytest.mark.parametrize("level", LEVELS)
@each_setting
async def test_tool_is_callable_exactly_when_it_is_listed(
    level: str, settings: dict[str, str]
) -> None:
    """A hidden tool is refused by name, a listed one is never refused by the gate."""
    listed, passed = await permitted(level, settings)

    assert passed == listed


async def test_read_only_mode_serves_reads_alone_and_wins_over_every_choice() -> None:
    """A tool that changes something is not served read-only, even where it is asked for by name."""
    writes = [name for name, tool in TOOLS.items() if tool.gate.effect != "read"]

    listed, _ = await permitted(
        "admin",
        {
            "FULLSTORY_MCP_READ_ONLY": "true",
            "FULLSTORY_MCP_TOOLS": ",".join(TOOLS),
            "FULLSTORY_MCP_LEVEL_OVERRIDES": ",".join(f"{name}=standard" for name in writes),
        },
    )

    assert listed == set(TOOLS) - set(writes)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"FULLSTORY_MCP_TOOLSETS": "annotations", "FULLSTORY_MCP_TOOLS": "get_me"},
            {"create_annotation", "get_me"},
        ),
        (
            {"FULLSTORY_MCP_TOOLSETS": "annotations,organization"},
            {"create_annotation", "explain_access", "get_me", "get_quotas", "get_usage"},
        ),
        ({"FULLSTORY_MCP_TOOLS": " get_me , get_quotas "}, {"get_me", "get_quotas"}),
    ],
)
async def test_areas_and_tools_that_are_chosen_add_up(
    settings: dict[str, str], expected: set[str]
) -> None:
    """What is served is the chosen areas together with the chosen tools, and nothing else."""
    listed, _ = await permitted("admin", settings)

    assert listed == expected


async def test_override_relaxes_its_one_tool_and_no_other() -> None:
    """A Standard key gets what the operator opened to it, and nothing beside."""
    plain, _ = await permitted("standard", {})
    relaxed, _ = await permitted("standard", SETTINGS["relaxed"])

    assert relaxed - plain == {"list_segments"}
    assert plain <= relaxed
