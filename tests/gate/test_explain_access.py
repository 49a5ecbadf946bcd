"""explain_access: the key's level, what is hidden, why, and what would unlock it."""

import json

import pytest

from fullstory_mcp.catalogue import load_catalogue
from fullstory_mcp.principal import LEVELS
from snapshotting import Snapshots
from support import connected

pytestmark = pytest.mark.anyio

TOOLS = load_catalogue().tools


@pytest.mark.parametrize("level", LEVELS)
async def test_served_and_hidden_together_are_every_tool(level: str) -> None:
    """What is served is the tool list itself; the rest is named with a reason and a way out."""
    async with connected(level) as server:
        told = await server.data("explain_access")
        listed = await server.names()

    assert told["served"] == listed
    assert [row["tool"] for row in told["hidden"]] == [name for name in TOOLS if name not in listed]
    assert all(row["why"] and row["would_help"] for row in told["hidden"])


async def test_everything_hidden_is_explained_in_the_reviewed_words(snapshots: Snapshots) -> None:
    """The whole answer for a Standard key on a server with every kind of restriction."""
    settings = {
        "FULLSTORY_MCP_TOOLSETS": "users,organization",
        "FULLSTORY_MCP_EXCLUDE_TOOLS": "update_user",
        "FULLSTORY_MCP_READ_ONLY": "true",
    }
    async with connected("standard", **settings) as server:
        told = await server.data("explain_access")

    snapshots.check("explain_access.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize(
    ("level", "key"),
    [
        ("standard", {"level": "standard", "known_by": "its role is USER", "role": "USER"}),
        ("architect", {"level": "architect", "known_by": "its role is ARCHITECT"}),
        ("admin", {"level": "admin", "role": "ADMIN", "region": "na1"}),
    ],
)
async def test_level_is_told_with_how_it_is_known(level: str, key: dict[str, str]) -> None:
    """A person can see which key is in use without seeing the key."""
    async with connected(level) as server:
        told = await server.data("explain_access", tool="get_user")

    assert key.items() <= told["key"].items()


async def test_one_tool_is_explained_as_its_call_would_be_refused() -> None:
    """The explanation and the refusal come from the same verdict."""
    async with connected("standard") as server:
        told = await server.data("explain_access", tool="get_user")
        refused = await server.error("get_user", id="1")

    assert told["allowed"] is False
    assert refused == f"get_user is not permitted: {told['why']} {told['would_help']}"


async def test_permitted_tool_is_explained_without_a_reason() -> None:
    """Where nothing hides a tool there is nothing to explain."""
    async with connected("standard") as server:
        told = await server.data("explain_access", tool="get_quotas")

    assert told["tool"] == "get_quotas"
    assert told["allowed"] is True
    assert "why" not in told


async def test_unknown_tool_is_a_faulty_argument() -> None:
    """Asking after a tool that does not exist names the argument and how to see all."""
    async with connected() as server:
        text = await server.error("explain_access", tool="get_everything")

    assert text == (
        "Nothing was sent: 1 argument is not usable.\n"
        "- tool: is not a tool of this server; leave it out to see all"
    )


async def test_explaining_asks_the_api_for_nothing_but_the_role() -> None:
    """It costs one question after the role, and nothing else."""
    async with connected("standard") as server:
        await server.data("explain_access")

        assert [request.path for request in server.sandbox.requests] == ["/me"]
