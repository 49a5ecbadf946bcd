"""`fullstory-mcp tools` shows what a client would be served."""

import json
import re

import pytest

from command import fullstory_mcp
from fullstory_mcp.principal import LEVELS
from support import connected

pytestmark = pytest.mark.anyio

CHOSEN = {
    "FULLSTORY_MCP_TOOLSETS": "segments,sessions",
    "FULLSTORY_MCP_LEVEL_OVERRIDES": "list_segments=standard",
}


async def served(level: str, **settings: str) -> list[object]:
    """What `tools/list` answers a client, in wire names."""
    async with connected(level, **settings) as server:
        listed = (await server.client.list_tools()).tools
    return [tool.model_dump(by_alias=True, exclude_none=True) for tool in listed]


@pytest.mark.parametrize("level", LEVELS)
async def test_json_is_the_list_that_a_client_gets(level: str) -> None:
    """`--json` prints, tool for tool, what tools/list answers a key of that level."""
    run = fullstory_mcp("tools", "--level", level, "--json")

    assert json.loads(run.stdout) == await served(level)


async def test_settings_in_force_are_applied() -> None:
    """What the operator chose, excluded or relaxed is shown as it would be served."""
    run = fullstory_mcp("tools", "--json", FULLSTORY_KEY_LEVEL="standard", **CHOSEN)
    names = [tool["name"] for tool in json.loads(run.stdout)]

    assert json.loads(run.stdout) == await served("standard", **CHOSEN)
    assert "list_segments" in names


def test_table_names_every_tool_and_the_totals() -> None:
    """The table a person reads has a line for each tool and ends with how many and how large."""
    run = fullstory_mcp("tools", "--level", "standard")
    rows = re.findall(
        r"^(\w+) +(standard|architect|admin) +(read|write|delete) +[\d,]+ ",
        run.stdout,
        re.MULTILINE,
    )
    last = run.stdout.strip().splitlines()[-1]

    assert run.returncode == 0
    assert re.match(rf"{len(rows)} of \d+ tools for a Standard key, about [\d,]+ tokens", last)


def test_output_in_a_pipe_is_plain_and_in_colour_when_asked() -> None:
    """Escape codes go to terminals only."""
    plain, coloured = fullstory_mcp("tools"), fullstory_mcp("tools", FORCE_COLOR="1")

    assert "\x1b[" not in plain.stdout
    assert "\x1b[" in coloured.stdout
