"""What each level is shown, kept whole as snapshots: a change of them is a change of the product."""

import json

import mcp.types as t
import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.principal import LEVELS
from snapshotting import Snapshots
from support import ERAS, connected

pytestmark = pytest.mark.anyio

IN_ORDER = list(load_catalogue().tools)


@pytest.mark.parametrize("level", LEVELS)
async def test_list_of_each_level_is_the_reviewed_one(level: str, snapshots: Snapshots) -> None:
    """Names, texts, schemas and hints that a level is served change only on purpose."""
    async with connected(level) as server:
        listed = await server.client.list_tools()

    tools = [tool.model_dump(by_alias=True, exclude_none=True) for tool in listed.tools]
    snapshots.check(
        f"tools_list.{level}.json", json.dumps(tools, indent=1, ensure_ascii=False) + "\n"
    )


async def test_each_level_sees_all_that_the_one_below_sees() -> None:
    """Standard is contained in Architect, and Architect in Admin, which sees every tool."""
    shown = []
    for level in LEVELS:
        async with connected(level) as server:
            shown.append(await server.names())

    standard, architect, admin = (set(names) for names in shown)
    assert standard < architect < admin
    assert admin == set(IN_ORDER)


@pytest.mark.parametrize("level", LEVELS)
async def test_tools_stand_in_the_fixed_order_of_the_catalogue(level: str) -> None:
    """Two lists of one caller are the same text, whatever level hides what."""
    async with connected(level) as server:
        names = await server.names()

    assert names == [name for name in IN_ORDER if name in names]


@pytest.mark.parametrize("mode", ERAS)
async def test_both_eras_are_served_the_same_tools(mode: str) -> None:
    """The protocol's era changes nothing of what a level sees."""
    async with connected("architect", mode) as server:
        names = await server.names()
    async with connected("architect") as server:
        assert await server.names() == names


async def test_list_may_be_kept_a_minute_by_its_own_client_only() -> None:
    """The list depends on the key, so no cache may share it, and none may keep it long."""
    async with connected() as server:
        listed = await server.client.list_tools()

    assert isinstance(listed, t.ListToolsResult)
    assert (listed.cache_scope, listed.ttl_ms) == ("private", 60_000)
