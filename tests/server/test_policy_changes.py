"""A policy that is edited while the server runs counts within two seconds, and the list is told to have changed."""

from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.client.stdio import stdio_client

from server.doors import MODERN, MODES, STARTS_IN, Api, environment, spawned

pytestmark = pytest.mark.anyio

POLICY = """
version = 1
[presets.all]
areas = {{ users = "{access}" }}
[[principals]]
door = "stdio"
preset = "all"
"""


async def test_edited_policy_counts_and_the_client_is_told(api: Api, tmp_path: Path) -> None:
    """What was taken away is refused, then no longer listed; a broken edit changes nothing."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY.format(access="read"), encoding="utf-8")
    env = environment(api, "admin") | {"FULLSTORY_MCP_POLICY_FILE": str(policy)}
    with (tmp_path / "stdio.log").open("wb") as log:
        async with Client(stdio_client(spawned(env), errlog=log), mode=MODES[MODERN]) as client:
            async with client.listen(tools_list_changed=True) as events:
                before = {tool.name for tool in (await client.list_tools()).tools}
                policy.write_text("version = 1\nthis is half a", encoding="utf-8")
                await anyio.sleep(1.1)
                assert not (await client.call_tool("list_users", {})).is_error
                policy.write_text(POLICY.format(access="off"), encoding="utf-8")
                await anyio.sleep(1.1)
                assert (await client.call_tool("list_users", {})).is_error
                with anyio.fail_after(STARTS_IN):
                    await anext(aiter(events))
            after = {tool.name for tool in (await client.list_tools()).tools}

    assert "list_users" in before
    assert after == before - {
        name for name in before if name not in {"explain_access", "get_usage"}
    }
    assert "What it said before stays in force" in (tmp_path / "stdio.log").read_text()
